import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runningSite } from './site.ts';
import { articleAbout, published } from './support/newsroom.ts';
import { filled, operationsOf } from './support/openapi.ts';
import { newOperator, type Person, rareWord } from './support/people.ts';
import { expectDecentAnswer, expectFaultsWhereInvalid } from './support/problem.ts';

const site = runningSite();
const operations = operationsOf('monolith')
  .filter(
    ({ path, fields, id }) => path.startsWith('/api/') && fields.length > 0 && id !== 'deleteMe',
  )
  .map((operation) => [`${operation.method} ${operation.path}`, operation] as const);

/** An account that may do everything and that nothing else depends on. */
let operator: Person;
let articleId: string;

beforeAll(async () => {
  operator = await newOperator(site);
  articleId = (await published(operator, articleAbout(rareWord()))).id;
});

afterAll(async () => {
  await operator.call('POST', '/api/v1/search/batch-settings', { intervalMs: null });
});

const hostileValues: unknown[] = [
  null,
  0,
  -1,
  1.5,
  1e308,
  true,
  '',
  ' ',
  'a\u0000b',
  '\ud800',
  '\u202e\u2028',
  'x'.repeat(10_000),
  [],
  {},
  [[]],
  [null],
  ['a\u0000b'],
  [{}],
  Array.from({ length: 2_000 }, (_, n) => `a${n}`),
  { toString: 'x', valueOf: 1, length: -1 },
  { name: 'a\u0000b', url: 'javascript:alert(1)' },
];

describe('hostile values in bodies', () => {
  it.each(operations)('of %s', async (_name, { method, path, fields }) => {
    const good: Record<string, unknown> = {
      ...articleAbout(rareWord()),
      text: 'x',
      reason: 'x',
      role: 'reader',
      active: true,
      email: 'fuzz@example.org',
      name: 'Fuzz',
      password: 'lantern gravel seven',
      currentPassword: 'wrong',
      newPassword: 'lantern gravel eight',
      embargoUntil: '2999-01-01T00:00:00Z',
      intervalMs: null,
    };
    const base = Object.fromEntries(
      fields.filter((name) => name in good).map((name) => [name, good[name]]),
    );
    for (const field of fields) {
      for (const value of hostileValues) {
        const what = `${field}: ${JSON.stringify(value).slice(0, 80)}`;
        const answer = await operator.call(
          method,
          filled(path, articleId),
          { ...base, [field]: value },
          {
            'if-match': '"1"',
          },
        );
        if (answer.status !== 429) expectDecentAnswer(answer, what);
        if (answer.status === 400) expectFaultsWhereInvalid(answer, what);
      }
    }
  });

  const shapes: [string, string | Uint8Array, Record<string, string>, number[]][] = [
    ['no JSON', '{"title":', {}, [400]],
    ['an empty body', '', {}, [400]],
    ['a list', '[]', {}, [400]],
    ['null', 'null', {}, [400]],
    ['a text', '"x"', {}, [400]],
    ['a number', '1', {}, [400]],
    ['1,000 levels', `{"text":${'['.repeat(1_000)}${']'.repeat(1_000)}}`, {}, [400]],
    ['200,000 levels', `{"text":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, {}, [400]],
    ['200,000 open levels', `{"text":${'{"a":'.repeat(200_000)}`, {}, [400]],
    ['8 MB', `{"text":"${'x'.repeat(8_000_000)}"}`, {}, [413]],
    [
      'invalid UTF-8',
      Buffer.from([0x7b, 0x22, 0x74, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
      {},
      [400],
    ],
    ['plain text', '{"text":"x"}', { 'content-type': 'text/plain' }, [415]],
    ['a form', 'text=x', { 'content-type': 'application/x-www-form-urlencoded' }, [415]],
    ['XML', '<text>x</text>', { 'content-type': 'application/xml' }, [415]],
    [
      'a type that only begins like JSON',
      '{"text":"x"}',
      { 'content-type': 'application/jsonp' },
      [415],
    ],
    [
      'another character set',
      '{"text":"x"}',
      { 'content-type': 'application/json; charset=ebcdic' },
      [415],
    ],
    ['an unknown encoding', '{"text":"x"}', { 'content-encoding': 'zebra' }, [415]],
    ['a false gzip', '{"text":"x"}', { 'content-encoding': 'gzip' }, [400, 415]],
    [
      'a gzip that unfolds to 50 MB',
      gzipSync(`{"text":"${'x'.repeat(50_000_000)}"}`),
      { 'content-encoding': 'gzip' },
      [413, 415],
    ],
  ];
  it.each(shapes)('%s', async (_name, body, headers, expected) => {
    for (const path of [`/api/v1/articles/${articleId}/comments`, '/api/v1/articles']) {
      const response = await fetch(new URL(path, site.url), {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${operator.token}`,
          ...headers,
        },
        body,
      });
      const text = await response.text();
      const { status } = response;
      expect({ path, status, text }).toEqual({ path, status: expect.any(Number), text });
      expect(expected).toContain(status);
      expectDecentAnswer({ status, headers: response.headers, text, json: JSON.parse(text) }, path);
    }
  });
});
