import { beforeAll, describe, expect, it } from '@jest/globals';
import { apiClient } from './api.ts';
import { runningSite } from './site.ts';
import { articleAbout, bodyOf, published } from './support/newsroom.ts';
import { filled, operationsOf } from './support/openapi.ts';
import { newOperator, type Person, rareWord } from './support/people.ts';
import { expectFaultsWhereInvalid, expectDecentAnswer } from './support/problem.ts';

const site = runningSite();
const operations = operationsOf('monolith').filter(({ path }) => path.startsWith('/api/'));
const named = (kept: typeof operations): [string, (typeof operations)[number]][] =>
  kept.map((operation) => [`${operation.method} ${operation.path}`, operation]);

/** An account that may do everything and that nothing else depends on. */
let operator: Person;
let word: string;
let articleId: string;

beforeAll(async () => {
  operator = await newOperator(site);
  word = rareWord();
  articleId = (await published(operator, articleAbout(word))).id;
});

const hostileStrings = [
  `' OR '1'='1`,
  `'; DROP TABLE usr; --`,
  `" UNION SELECT pwd_hsh FROM usr --`,
  `1); SELECT pg_sleep(0); --`,
  `\\'; --`,
  '%',
  '_',
  '$1',
  '${7*7}{{7*7}}<%=7*7%>',
  '../../../../etc/passwd',
  '\u0000',
  'a\u0000b',
  '\u202e\u2028\u2029\ufeff',
  '😀'.repeat(100),
  'A'.repeat(3_000),
  '__proto__',
  'constructor',
  'NaN',
  '-1',
  '0',
  '1e3',
  '0x10',
  '99999999999999999999999',
  '',
  ' ',
];
const rawPathParts = [
  '%00',
  '%ff',
  '%ed%a0%80',
  '%',
  '%2',
  '%25',
  '..%2f..',
  '%2e%2e',
  ';',
  '%0d%0aSet-Cookie:%20a=b',
];

/** A body that is valid, so that it is the path that is judged. */
function sampleBody(operation: string): object | undefined {
  const bodies: Record<string, object> = {
    changeRole: { role: 'reader' },
    updateArticle: articleAbout('nothing'),
    scheduleArticle: { embargoUntil: '2999-01-01T00:00:00.000Z' },
    addComment: { text: 'x' },
    reportComment: { reason: 'x' },
  };
  return bodies[operation];
}

describe('hostile values in parameters', () => {
  it.each(named(operations.filter(({ query }) => query.length > 0)))(
    'in the query of %s',
    async (_name, { method, path, query }) => {
      for (const name of query) {
        for (const value of hostileStrings) {
          const search = new URLSearchParams({ [name]: value });
          const answer = await operator.call(
            method,
            `${filled(path, articleId)}?${search.toString()}`,
          );
          expectDecentAnswer(answer, `${name}=${JSON.stringify(value)}`);
          if (answer.status === 400) expectFaultsWhereInvalid(answer, `${name}=${value}`);
        }
        for (const odd of [
          `${name}=1&${name}=2`,
          `${name}[]=1`,
          `${name}[a]=1`,
          `${name}=%ff`,
          `${name}=%`,
        ])
          expectDecentAnswer(await operator.call(method, `${filled(path, articleId)}?${odd}`), odd);
      }
    },
  );

  it.each(named(operations.filter(({ params }) => params.length > 0)))(
    'in the path of %s',
    async (_name, { id, method, path }) => {
      const parts = [
        ...hostileStrings.filter((text) => text !== '').map(encodeURIComponent),
        ...rawPathParts,
      ];
      for (const part of parts) {
        const answer = await operator.call(method, filled(path, part), sampleBody(id), {
          'if-match': '"1"',
        });
        expectDecentAnswer(answer, `${method} ${filled(path, part)}`);
        expect(answer.headers.get('set-cookie')).toBeNull();
      }
    },
  );

  it('do not widen what a list or a search finds', async () => {
    const count = async (path: string): Promise<number> =>
      bodyOf<{ items: unknown[] }>(await operator.call('GET', path)).items.length;
    for (const value of [`${word}' OR '1'='1`, `zz' OR 1=1 --`, '%', '_', '*']) {
      const encoded = encodeURIComponent(value);
      for (const filter of ['section', 'topic', 'author']) {
        const answer = await operator.call('GET', `/api/v1/articles?${filter}=${encoded}`);
        if (answer.status === 200) expect(answer.json).toMatchObject({ items: [] });
      }
    }
    expect(await count(`/api/v1/articles?topic=${encodeURIComponent(`Topic ${word}`)}`)).toBe(1);
  });
});

describe('cursors', () => {
  const lists = [
    '/api/v1/articles',
    '/api/v1/articles?section=technology',
    '/api/v1/search?q=the',
    '/api/v1/accounts',
  ];
  it.each(lists)('of %s are refused when tampered with', async (path) => {
    const and = path.includes('?') ? '&' : '?';
    const first = bodyOf<{ nextCursor: string | null }>(
      await operator.call('GET', `${path}${and}limit=1`),
    );
    const real = first.nextCursor ?? 'e30';
    const decoded = Buffer.from(real, 'base64url').toString('latin1');
    const forged = [
      real.slice(0, -3),
      `${real}AAAA`,
      Buffer.from(real).reverse().toString(),
      Buffer.from(decoded.replaceAll(/\d/g, '9')).toString('base64url'),
      Buffer.from(decoded.replaceAll(/"[^"]*"/g, '"a\u0000b"')).toString('base64url'),
      Buffer.from(decoded.replaceAll(/"[^"]*"/g, `"' OR 1=1 --"`)).toString('base64url'),
      Buffer.from('["2999-99-99T99:99:99Z",-1]').toString('base64url'),
      Buffer.from('{"__proto__":1}').toString('base64url'),
      Buffer.from('null').toString('base64url'),
      'x'.repeat(5_000),
    ];
    for (const cursor of forged) {
      const answer = await operator.call(
        'GET',
        `${path}${and}limit=1&cursor=${encodeURIComponent(cursor)}`,
      );
      expectDecentAnswer(answer, cursor);
    }
    expect((await operator.call('GET', `${path}${and}limit=1&cursor=${real}`)).status).toBeLessThan(
      401,
    );
  });
});

describe('addresses that are not there', () => {
  const anyone = apiClient(site.url);
  it.each([
    ['GET', '/api/v1/nothing', 404],
    ['GET', '/api/v2/articles', 404],
    ['GET', '/api/', 404],
    ['PATCH', '/api/v1/articles', 405],
    ['DELETE', '/api/v1/search', 405],
    ['TRACE', '/api/v1/articles', 405],
  ])('%s %s answers a program with a problem', async (method, path, status) => {
    if (method === 'TRACE') return; // fetch refuses to send it; see facade-transparency
    const answer = await anyone(method, path, undefined, { accept: 'text/html' });
    expect(answer.status).toBe(status);
    expectDecentAnswer(answer, path);
    if (status === 405) expect(answer.headers.get('allow')).toMatch(/GET/);
  });

  it.each([
    '/nothing',
    '/articles/none',
    '/sections/none',
    '/topics/none',
    '/authors/none',
    '/unsubscribe/none',
  ])('GET %s answers a person with a page', async (path) => {
    const answer = await anyone('GET', path, undefined, { accept: 'text/html' });
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toMatch(/^text\/html/);
    expect(answer.text).toMatch(/<h1/);
  });

  it.each([2_000, 7_000, 15_000])('a query of %d characters is answered', async (length) => {
    for (const path of ['/search?q=', '/api/v1/search?q=', '/?x='])
      expect((await anyone('GET', path + 'q'.repeat(length))).status).toBeLessThan(500);
  });
});
