import { beforeAll, describe, expect, it } from '@jest/globals';
import { connectRaw, type RawAnswer, valuesOf } from '@newscience/testing/raw-http';
import { apiClient } from './api.ts';
import { runningSite } from './site.ts';
import { bodyOf } from './support/newsroom.ts';
import { known, newReader, type Person } from './support/people.ts';

const site = runningSite();
const portOf = (url: string): number => Number(new URL(url).port);
const facade = portOf(site.url);
const monolith = portOf(site.services.find(({ name }) => name === 'monolith')?.url ?? '');

/** Sends the same bytes to a port and reads one answer; undefined where the connection just ended. */
async function answerOf(
  port: number,
  bytes: string,
  method = 'GET',
): Promise<RawAnswer | undefined> {
  const connection = await connectRaw(port);
  try {
    connection.write(bytes);
    return await connection.readAnswer(method);
  } catch {
    return undefined;
  } finally {
    connection.destroy();
  }
}

function request(
  method: string,
  target: string,
  fields: Record<string, string> = {},
  body = '',
): string {
  const given = { host: `127.0.0.1:${facade}`, 'x-request-id': 'hostile-tester-0000', ...fields };
  const lines = Object.entries(given).map(([name, value]) => `${name}: ${value}`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** Of one hop alone, or different in every answer. */
const volatile = /^(date|connection|keep-alive|transfer-encoding|etag)$/i;

function hiding(name: string, value: string): string {
  if (/^set-cookie$/i.test(name)) return value.replace(/=[^;]*/, '=…');
  return /^content-length$/i.test(name) ? 'n' : value;
}

/** What of an answer must be the same whoever is asked. */
function seen(answer: RawAnswer | undefined): object | undefined {
  if (answer === undefined) return undefined;
  const { status, reason, fields, body } = answer;
  return {
    status,
    reason,
    fields: fields
      .filter(([name]) => !volatile.test(name))
      .map(([name, value]) => [name, hiding(name, value)]),
    body: body
      .toString('utf8')
      .replaceAll(/name="_csrf" value="[^"]*"/g, 'csrf')
      .replaceAll(/"tookMs":[\d.]+/g, 'tookMs'),
  };
}

let reader: Person;
let editor: Person;
let article: string;

beforeAll(async () => {
  reader = await newReader(site.url);
  editor = await known(site.url, site.credentials.editor);
  const list = await apiClient(site.url)('GET', '/api/v1/articles?limit=1');
  article = bodyOf<{ items: { id: string }[] }>(list).items[0]?.id ?? '';
});

describe('through the facade', () => {
  const open: [method: string, target: string][] = [
    '/',
    '/most-read',
    '/search?q=moon',
    '/login',
    '/register?next=%2Fsearch',
    '/account',
    '/desk',
    '/sections/technology',
    '/sections/none',
    '/topics/Physics',
    '/topics/History%20of%20science',
    '/authors/Sorcha%20Delahunt',
    '/articles/ns-why-the-sky-is-blue',
    '/articles/none',
    '/pictures/technology/ns-how-blue-light-made-white.svg',
    '/favicon.svg',
    '/robots.txt',
    '/feed.xml',
    '/sections/technology/feed.xml',
    '/unsubscribe/none',
    '/.well-known/jwks.json',
    '/api/v1/articles?limit=3',
    '/api/v1/articles?limit=0',
    '/api/v1/articles/ns-why-the-sky-is-blue',
    '/api/v1/articles/ns-why-the-sky-is-blue/related',
    '/api/v1/articles/ns-why-the-sky-is-blue/comments',
    '/api/v1/sections',
    '/api/v1/topics',
    '/api/v1/most-read?window=all',
    '/api/v1/authors/Sorcha%20Delahunt',
    '/api/v1/search?q=moon&limit=2',
    '/api/v1/search',
    '/api/v1/me',
    '/api/v1/nothing',
    '/routes',
    '/audit',
  ].flatMap((target): [string, string][] => [
    ['GET', target],
    ['HEAD', target],
  ]);

  it.each(open)('%s %s is what the monolith itself answers', async (method, target) => {
    const bytes = request(method, target, { accept: '*/*' });
    const [through, direct] = [
      await answerOf(facade, bytes, method),
      await answerOf(monolith, bytes, method),
    ];
    expect(direct).toBeDefined();
    expect(seen(through)).toEqual(seen(direct));
  });

  it.each([
    ['OPTIONS', '/api/v1/articles'],
    ['PATCH', '/api/v1/articles'],
    ['DELETE', '/api/v1/me'],
    ['PUT', '/'],
    ['PROPFIND', '/'],
    ['TRACE', '/'],
    ['POST', '/login'],
    ['POST', '/api/v1/tokens'],
    ['GET', '/?a=1&a=2&b=%00&c=%zz'],
    ['GET', '/api/v1/articles?limit=%31'],
    ['GET', '/API/V1/ARTICLES'],
    ['GET', '/api/v1/articles/'],
  ])('%s %s too', async (method, target) => {
    const bytes = request(method, target, method === 'GET' ? {} : { 'content-length': '0' });
    const [through, direct] = [
      await answerOf(facade, bytes, method),
      await answerOf(monolith, bytes, method),
    ];
    expect(direct).toBeDefined();
    expect(seen(through)).toEqual(seen(direct));
  });

  it('tokens, conditions and request ids reach the monolith, and its answers come back', async () => {
    const authorization = `Bearer ${editor.token}`;
    const etag =
      valuesOf(
        (await answerOf(monolith, request('GET', '/feed.xml'))) ?? { fields: [] },
        'etag',
      )[0] ?? '';
    expect(etag).not.toBe('');
    for (const [target, fields, status] of [
      ['/api/v1/me', { authorization }, 200],
      ['/api/v1/me', { authorization: `Bearer ${reader.token}` }, 200],
      [`/api/v1/articles/${article}`, { authorization }, 200],
      ['/feed.xml', { 'if-none-match': etag }, 304],
      ['/', { 'accept-encoding': 'gzip, br', 'accept-language': 'de' }, 200],
      ['/favicon.svg', { range: 'bytes=0-9' }, undefined],
      ['/api/v1/me', { 'x-request-id': 'hostile-tester-0001' }, 401],
    ] as const) {
      const bytes = request('GET', target, fields);
      const [through, direct] = [await answerOf(facade, bytes), await answerOf(monolith, bytes)];
      if (status !== undefined) expect(direct?.status).toBe(status);
      expect(seen(through)).toEqual(seen(direct));
    }
  });
});

const tricks = [
  '/%2e%2e/',
  '/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
  '/../../etc/passwd',
  '/..%2f..%2f..%2fetc/passwd',
  '/assets/../../package.json',
  '/assets/%2e%2e/%2e%2e/package.json',
  '/assets/..%2f..%2fpackage.json',
  '/assets/..%5c..%5cpackage.json',
  '/assets/..\\..\\package.json',
  '/assets/....//....//package.json',
  '/assets/%252e%252e/package.json',
  '/pictures/technology/../../../credentials.json',
  '/pictures/technology/..%2f..%2fcredentials.json.svg',
  '//',
  '//evil.example/',
  '///api/v1/articles',
  '/\\',
  '/\\evil.example',
  '/api/v1/./articles',
  '/api/v1/x/../articles',
  '/api//v1/articles',
  '/%00',
  '/articles/%00',
  '/articles/a%00b',
  '/articles/%c0%ae%c0%ae/',
  '/articles/%ff',
  '/%',
  '/%zz',
  '/;/admin',
  '/api/v1/articles;x=1',
  '/api/v1/articles?x=%0d%0aset-cookie:a=b',
  '/#fragment',
  '/@127.0.0.1:1/',
  `/${'a'.repeat(7_000)}`,
  `/${'../'.repeat(1_000)}etc/passwd`,
  `/?${'q'.repeat(7_000)}`,
  '/health/ready',
  '/metrics',
];

describe('path tricks', () => {
  it.each(tricks)('%s reaches nothing else', async (target) => {
    const bytes = request('GET', target);
    const [through, direct] = [await answerOf(facade, bytes), await answerOf(monolith, bytes)];
    expect(direct).toBeDefined();
    if (/health|metrics/.test(target)) expect(through?.status).toBe(direct?.status);
    else expect(seen(through)).toEqual(seen(direct));
    expect(through?.body.toString() ?? '').not.toMatch(/root:x:0|"workspaces"|"operator":/);
  });

  // What no server has to understand: refused by the facade, or answered as the monolith answers it.
  it.each([
    'http://127.0.0.1/',
    'http://evil.example/',
    `http://127.0.0.1:${portOf(site.operatorUrl)}/routes`,
    'https://evil.example/',
    '*',
    'api/v1/articles',
    '@evil.example/',
    '/\u0000',
    '/ä',
    '/ space',
    '/\t',
    `/${'a'.repeat(100_000)}`,
  ])('the target %j leads nowhere', async (target) => {
    const bytes = request('GET', target);
    const [through, direct] = [await answerOf(facade, bytes), await answerOf(monolith, bytes)];
    if (through === undefined) return;
    if (through.status < 400) expect(seen(through)).toEqual(seen(direct));
    else expect([400, 404, 414, 421, 431]).toContain(through.status);
    expect(through.body.toString()).not.toMatch(/"answeredBy"|example domain/i);
  });

  it.each(['127.0.0.1:1', `127.0.0.1:${portOf(site.operatorUrl)}`, 'evil.example:443'])(
    'CONNECT %s opens no tunnel',
    async (target) => {
      const answer = await answerOf(
        facade,
        `CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n\r\n`,
        'CONNECT',
      );
      if (answer !== undefined) expect(answer.status).toBeGreaterThanOrEqual(400);
    },
  );
});
