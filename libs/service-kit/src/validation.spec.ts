import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import type { DomainError } from './problem.ts';
import { ProblemError } from './problem.ts';
import { parseRequest } from './validation.ts';
import type { RequestInput, RequestSchemas } from './validation.ts';

type Parts = {
  params?: unknown;
  query?: unknown;
  body?: unknown;
  headers?: Record<string, string>;
};

/** As much of a request as validation looks at. */
function requestOf(parts: Parts): RequestInput {
  return { params: {}, query: {}, headers: {}, body: undefined, ...parts };
}

function refusal(parts: Parts, schemas: RequestSchemas): DomainError {
  try {
    parseRequest(requestOf(parts), schemas);
  } catch (thrown) {
    if (thrown instanceof ProblemError) return thrown.error;
    throw thrown;
  }
  throw new Error('The request was accepted.');
}

const faultsOf = (parts: Parts, schemas: RequestSchemas) => refusal(parts, schemas).faults ?? [];
const faultOf = (schema: z.ZodType, body: unknown) => faultsOf({ body }, { body: schema })[0];

describe('parseRequest', () => {
  it('gives typed, converted values, and undefined for a part without a schema', () => {
    const parsed = parseRequest(
      requestOf({ params: { id: '7' }, query: { limit: '5', more: 'x' } }),
      {
        params: z.object({ id: z.coerce.number() }),
        query: z.object({ limit: z.coerce.number().default(20), cursor: z.string().optional() }),
      },
    );
    const id: number = parsed.params.id;
    expect(id).toBe(7);
    expect(parsed).toEqual({ params: { id: 7 }, query: { limit: 5 } });
    expect(parsed.body).toBeUndefined();
  });

  it.each([
    [100, '100 values are not valid. See faults.'],
    [101, '101 values are not valid. See the first 100 faults.'],
  ])('names at most a hundred of %i faults', (count, detail) => {
    const body = Object.fromEntries(Array.from({ length: count }, (_, i) => [`field${i}`, i]));
    const error = refusal({ body }, { body: z.strictObject({}) });
    expect(error.detail).toBe(detail);
    expect(error.faults).toHaveLength(100);
  });

  it('reports all faults of params, query and body together', () => {
    const error = refusal(
      { params: { id: 'x' }, query: { limit: '500' }, body: { title: '', authors: ['A', 3] } },
      {
        params: z.object({ id: z.coerce.number() }),
        query: z.object({ limit: z.coerce.number().max(100) }),
        body: z.object({
          title: z.string().min(1),
          authors: z.array(z.string()),
          section: z.enum(['physics', 'biology']),
        }),
      },
    );
    expect(error).toMatchObject({
      code: 'validation_failed',
      detail: '5 values are not valid. See faults.',
    });
    expect(error.faults).toEqual([
      { pointer: '/params/id', value: 'x', problem: 'is not a number', remedy: 'Give a number.' },
      {
        pointer: '/query/limit',
        value: '500',
        problem: 'is more than 100',
        remedy: 'Give at most 100.',
      },
      {
        pointer: '/body/title',
        value: '',
        problem: 'is empty',
        remedy: 'Give at least 1 character.',
      },
      { pointer: '/body/authors/1', value: 3, problem: 'is not a text', remedy: 'Give a text.' },
      { pointer: '/body/section', problem: 'is missing', remedy: 'Give one of physics, biology.' },
    ]);
  });

  it.each([
    [
      'missing',
      z.object({ a: z.string() }),
      {},
      { pointer: '/body/a', problem: 'is missing', remedy: 'Give a text.' },
    ],
    [
      'of another type',
      z.object({ a: z.boolean() }),
      { a: 'x' },
      { value: 'x', problem: 'is not true or false' },
    ],
    ['null', z.object({ a: z.string() }), { a: null }, { value: null, problem: 'is not a text' }],
    [
      'not whole',
      z.object({ a: z.int() }),
      { a: 1.5 },
      { value: 1.5, problem: 'is not a whole number' },
    ],
    [
      'too short',
      z.object({ a: z.string().min(3) }),
      { a: 'ab' },
      { problem: 'is shorter than 3 characters', remedy: 'Give at least 3 characters.' },
    ],
    [
      'too long',
      z.object({ a: z.string().max(3) }),
      { a: 'abcd' },
      { problem: 'is longer than 3 characters', remedy: 'Give at most 3 characters.' },
    ],
    [
      'too low',
      z.object({ a: z.number().min(3) }),
      { a: 2 },
      { problem: 'is less than 3', remedy: 'Give at least 3.' },
    ],
    [
      'at an open bound',
      z.object({ a: z.number().gt(3) }),
      { a: 3 },
      { remedy: 'Give more than 3.' },
    ],
    [
      'at an open upper bound',
      z.object({ a: z.number().lt(3) }),
      { a: 3 },
      { remedy: 'Give less than 3.' },
    ],
    [
      'too few',
      z.object({ a: z.array(z.int()).min(1) }),
      { a: [] },
      { problem: 'is shorter than 1 item', value: '[]' },
    ],
    [
      'of another format',
      z.object({ a: z.iso.datetime() }),
      { a: 'today' },
      { problem: 'is not a valid date and time, such as 2026-01-31T09:30:00Z' },
    ],
    [
      'of another pattern',
      z.object({ a: z.string().regex(/^\w+$/) }),
      { a: '-' },
      { problem: expect.stringContaining('^\\w+$') },
    ],
    [
      'not a multiple',
      z.object({ a: z.number().multipleOf(5) }),
      { a: 3 },
      { problem: 'is not a multiple of 5', remedy: 'Give a multiple of 5.' },
    ],
    ['a literal', z.object({ a: z.literal(1) }), { a: 2 }, { remedy: 'Give 1.' }],
    [
      'none of several shapes',
      z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]),
      { c: 1 },
      { pointer: '/body', problem: 'has none of the documented shapes' },
    ],
    [
      'against a rule',
      z.object({ a: z.string().refine(() => false) }),
      { a: 'x' },
      { problem: 'is not valid', remedy: 'Correct this value.' },
    ],
    [
      'against a rule with words',
      z.object({ a: z.string().refine(() => false, 'is silly') }),
      { a: 'x' },
      { problem: 'is silly' },
    ],
    [
      'against a rule with a remedy',
      z.object({
        a: z.string().refine(() => false, { error: 'is silly', params: { remedy: 'Be serious.' } }),
      }),
      { a: 'x' },
      { problem: 'is silly', remedy: 'Be serious.' },
    ],
    [
      'against a bound with words',
      z.object({ a: z.string().min(3, 'is no title') }),
      { a: 'x' },
      { problem: 'is no title' },
    ],
    [
      'no object',
      z.object({ a: z.string() }),
      'x',
      { pointer: '/body', problem: 'is not an object' },
    ],
    ['absent', z.object({ a: z.string() }), undefined, { pointer: '/body', problem: 'is missing' }],
  ])('a value that is %s', (_name, schema, body, expected) => {
    expect(faultOf(schema, body)).toMatchObject(expected);
  });

  it('reports each key that is not known', () => {
    expect(
      faultsOf({ body: { a: 1, 'b/c': 2, 'd~e': 3 } }, { body: z.strictObject({ a: z.number() }) }),
    ).toEqual([
      { pointer: '/body/b~1c', problem: 'is not known here', remedy: 'Leave it out.' },
      { pointer: '/body/d~0e', problem: 'is not known here', remedy: 'Leave it out.' },
    ]);
  });

  it.each([
    [100, 100],
    [101, 101],
    [5000, 101],
  ])('shows a value of %d characters as %d', (given, length) => {
    expect(faultOf(z.object({ a: z.number() }), { a: 'x'.repeat(given) })?.value).toHaveLength(
      length,
    );
  });

  it('shows no secret, be it the value, around it or inside it', () => {
    const schemas = {
      body: z.object({
        password: z.string().min(50),
        credentials: z.object({ pin: z.string().min(50) }),
        login: z.string(),
      }),
    };
    const body = {
      password: 'hunter2',
      credentials: { pin: 'hunter2' },
      login: { name: 'a', password: 'hunter2' },
    };
    const faults = faultsOf({ body }, schemas);
    expect(faults).toHaveLength(3);
    expect(JSON.stringify(faults)).not.toContain('hunter2');
    expect(faults[0]?.value).toBe('[hidden]');
  });

  it('is not confused by keys that pollute', () => {
    const body: unknown = JSON.parse(
      '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},"a":"x","rest":{"__proto__":1}}',
    );
    const schema = z.object({ a: z.string(), rest: z.record(z.string(), z.number()) });
    const parsed = parseRequest(requestOf({ body }), { body: schema });
    expect(parsed.body.a).toBe('x');
    expect('admin' in parsed.body).toBe(false);
    expect(Object.getPrototypeOf({})).not.toHaveProperty('admin');
    expect(
      faultsOf({ body }, { body: z.object({ toString: z.string(), __proto: z.string() }) }),
    ).toHaveLength(2);
  });

  it.each([
    ['length', { 'content-length': '5' }],
    ['chunks', { 'transfer-encoding': 'chunked' }],
  ])('refuses a body with %s that nobody has read', (_name, headers) => {
    const error = refusal(
      { headers: { ...headers, 'content-type': 'text/plain' } },
      { body: z.unknown() },
    );
    expect(error).toMatchObject({
      code: 'unsupported_media_type',
      faults: [{ pointer: '/headers/content-type', value: 'text/plain' }],
    });
  });
});
