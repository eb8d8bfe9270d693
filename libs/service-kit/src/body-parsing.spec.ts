import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { problemOf, serve } from '../test/served-app.ts';
import type { ServedApp } from '../test/served-app.ts';
import { parseRequest } from './validation.ts';

let app: ServedApp;

beforeAll(async () => {
  app = await serve(
    (routes) => {
      routes.post('/echo', (req, res) => {
        res.json({ body: parseRequest(req, { body: z.unknown() }).body });
      });
    },
    { bodyLimit: 1000 },
  );
});
afterAll(() => app.close());

const post = (
  body: string | Buffer<ArrayBuffer>,
  headers: Record<string, string> = { 'content-type': 'application/json' },
) => fetch(`${app.url}/echo`, { method: 'POST', headers, body });

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe('a body', () => {
  it.each([
    ['an object', '{"a":1}', { a: 1 }],
    ['a bare value', '3', 3],
    ['32 levels', nested(32), z.unknown().parse(JSON.parse(nested(32)))],
    ['998 characters', JSON.stringify('x'.repeat(998)), 'x'.repeat(998)],
  ])('of %s is read', async (_name, body, expected) => {
    expect(await (await post(body)).json()).toEqual({ body: expected });
  });

  it('of a JSON-like type is read', async () => {
    const response = await post('{"a":1}', {
      'content-type': 'application/vnd.x+json; charset=utf-8',
    });
    expect(await response.json()).toEqual({ body: { a: 1 } });
  });

  it.each([
    ['cut off', '{"a":'],
    ['no JSON', 'hello'],
    ['followed by something', '{} {}'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ])('that is %s is malformed_json', async (_name, body) => {
    const problem = await problemOf(await post(body));
    expect(problem).toMatchObject({ code: 'malformed_json', status: 400 });
    expect(problem.detail).toMatch(/(Send a complete JSON document|Encode it as UTF-8)\.$/);
  });

  it.each([33, 400])('of %d levels is refused, with the limit and what to do', async (depth) => {
    expect(await problemOf(await post(nested(depth)))).toMatchObject({
      code: 'malformed_json',
      faults: [
        {
          pointer: '/body',
          value: depth,
          problem: 'is nested deeper than 32 levels',
          remedy: 'Flatten it.',
        },
      ],
    });
  });

  it('of hundreds of thousands of levels does no harm', async () => {
    const own = await serve((routes) => routes.post('/echo', (_req, res) => void res.end()));
    const response = await fetch(`${own.url}/echo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: nested(500_000),
    });
    expect(await problemOf(response)).toMatchObject({
      code: 'malformed_json',
      detail: 'The body is nested 500000 levels deep; at most 32 are read. Flatten it.',
    });
    await own.close();
  });

  it('of 1001 bytes is too large, with its size, the limit and what to do', async () => {
    const response = await post(JSON.stringify('x'.repeat(999)));
    expect(response.status).toBe(413);
    expect(await problemOf(response)).toMatchObject({
      code: 'body_too_large',
      faults: [
        {
          pointer: '/body',
          value: 1001,
          problem: 'is larger than 1000 bytes',
          remedy: 'Send at most 1000 bytes.',
        },
      ],
    });
  });

  it('without a length is too large as well', async () => {
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from(JSON.stringify('x'.repeat(2000))));
        controller.close();
      },
    });
    const response = await fetch(`${app.url}/echo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: stream,
      duplex: 'half',
    });
    expect(await problemOf(response)).toMatchObject({ status: 413, code: 'body_too_large' });
  });

  it.each([
    ['another media type', { 'content-type': 'text/plain' }, '/headers/content-type', 'text/plain'],
    [
      'an unknown coding',
      { 'content-type': 'application/json', 'content-encoding': 'lzma' },
      '/headers/content-encoding',
      'lzma',
    ],
    [
      'an unknown character set',
      { 'content-type': 'application/json; charset=klingon' },
      '/headers/content-type',
      'application/json; charset=klingon',
    ],
  ])('in %s is unsupported_media_type', async (_name, headers, pointer, value) => {
    const response = await post('{}', headers);
    expect(response.status).toBe(415);
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ code: 'unsupported_media_type', faults: [{ pointer, value }] });
    expect(problem['faults']).toEqual([expect.objectContaining({ remedy: expect.any(String) })]);
  });

  it.each(['gzip', 'deflate', 'br', 'zstd'])(
    'that is not the %s it says is malformed',
    async (coding) => {
      const response = await post('{"a":1}', {
        'content-type': 'application/json',
        'content-encoding': coding,
      });
      expect(await problemOf(response)).toMatchObject({
        status: 400,
        code: 'malformed_request',
        faults: [{ pointer: '/headers/content-encoding', value: coding }],
      });
    },
  );

  it('with keys that pollute is harmless', async () => {
    const body =
      '{"a":{"__proto__":{"admin":true}},"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},"b":{"constructor":"fine"}}';
    expect(await (await post(body)).json()).toEqual({
      body: { a: {}, b: { constructor: 'fine' } },
    });
    expect({}).not.toHaveProperty('admin');
  });
});
