import { createHash, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { apiClient } from './api.ts';
import { runningSite } from './site.ts';
import { articleAbout, bodyOf, drafted, published } from './support/newsroom.ts';
import { known, newReader, type Person, rareWord } from './support/people.ts';
import { expectDecentAnswer } from './support/problem.ts';
import { logIn, visitor } from './support/visitor.ts';

const site = runningSite();
const anyone = apiClient(site.url);
let reader: Person;
let editor: Person;
let operator: Person;

beforeAll(async () => {
  reader = await newReader(site.url);
  editor = await known(site.url, site.credentials.editor);
  operator = await known(site.url, site.credentials.operator);
});

type Forged = [name: string, forge: (token: string) => string | Promise<string>];
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part = ''): Record<string, unknown> =>
  JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
const foreign = generateKeyPairSync('ed25519');

function resigned(header: Record<string, unknown>, claims: Record<string, unknown>): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${sign(null, Buffer.from(signed), foreign.privateKey).toString('base64url')}`;
}

async function publicKey(): Promise<{ x: string; kid: string }> {
  const { json } = await anyone('GET', '/.well-known/jwks.json');
  const [key] = (json as { keys: { x: string; kid: string }[] }).keys;
  if (key === undefined) throw new Error('There is no key.');
  return key;
}

function hmac(token: string, secret: string | Buffer): string {
  const [header, claims] = token.split('.');
  const signed = `${encode({ ...decode(header), alg: 'HS256' })}.${claims ?? ''}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

const forgeries: Forged[] = [
  [
    'algorithm none',
    (token) =>
      `${encode({ ...decode(token.split('.')[0]), alg: 'none' })}.${token.split('.')[1] ?? ''}.`,
  ],
  [
    'algorithm None with the old signature',
    (token) => token.replace(/^[^.]+/, encode({ alg: 'None', typ: 'JWT' })),
  ],
  [
    'HS256 with the public key',
    async (token) => hmac(token, Buffer.from((await publicKey()).x, 'base64url')),
  ],
  ['HS256 with the key as text', async (token) => hmac(token, (await publicKey()).x)],
  ['HS256 with an empty key', (token) => hmac(token, '')],
  [
    'a foreign key under the right name',
    (token) => resigned(decode(token.split('.')[0]), decode(token.split('.')[1])),
  ],
  [
    'a key in its own head',
    (token) =>
      resigned(
        { alg: 'EdDSA', jwk: foreign.publicKey.export({ format: 'jwk' }) },
        decode(token.split('.')[1]),
      ),
  ],
  [
    'an address of keys',
    (token) =>
      resigned(
        { alg: 'EdDSA', jku: 'https://evil.example/k', kid: 'x' },
        decode(token.split('.')[1]),
      ),
  ],
  [
    'a kid that is a path',
    (token) =>
      resigned({ alg: 'EdDSA', kid: "../../dev/null' OR 1=1" }, decode(token.split('.')[1])),
  ],
  [
    'a raised role',
    (token) =>
      token
        .split('.')
        .map((part, at) => (at === 1 ? encode({ ...decode(part), role: 'operator' }) : part))
        .join('.'),
  ],
  [
    'a later end',
    (token) =>
      token
        .split('.')
        .map((part, at) => (at === 1 ? encode({ ...decode(part), exp: 9_999_999_999 }) : part))
        .join('.'),
  ],
  ['no signature', (token) => token.split('.').slice(0, 2).join('.')],
  ['a cut signature', (token) => token.slice(0, -10)],
  ['no token', () => ''],
  ['a hash of a token', (token) => createHash('sha256').update(token).digest('hex')],
  ['ten thousand dots', () => '.'.repeat(10_000)],
];

describe('forged tokens', () => {
  it.each(forgeries)('with %s open neither API', async (_name, forge) => {
    const token = await forge(editor.token);
    expect(token).not.toBe(editor.token);
    for (const url of [new URL('/api/v1/me', site.url), new URL('/routes', site.operatorUrl)]) {
      const answer = await apiClient(url.origin, token)('GET', url.pathname);
      expect({ url: url.href, status: answer.status }).toEqual({ url: url.href, status: 401 });
      expectDecentAnswer(answer, url.href);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
  });

  it('the real one opens both, and that of an editor or reader only its own', async () => {
    for (const [who, status] of [
      [operator, 200],
      [editor, 403],
      [reader, 403],
    ] as const) {
      expect((await who.call('GET', '/api/v1/me')).status).toBe(200);
      expect((await apiClient(site.operatorUrl, who.token)('GET', '/routes')).status).toBe(status);
    }
  });
});

describe('mass assignment', () => {
  const extras = {
    role: 'operator',
    rol: 'O',
    id: 'x',
    isAdmin: true,
    status: 'A',
    createdAt: '2000-01-01',
  };
  it.each(Object.entries(extras))('%s cannot be given when registering', async (name, value) => {
    const account = {
      email: `${rareWord()}@example.org`,
      name: 'x',
      password: 'lantern gravel mass',
    };
    expect((await anyone('POST', '/api/v1/accounts', { ...account, [name]: value })).status).toBe(
      400,
    );
  });

  it('a registration form with a role makes a reader', async () => {
    const account = {
      email: `${rareWord()}@example.org`,
      name: 'Mass',
      password: 'lantern gravel mass',
    };
    await visitor(site.url).submit('/register', '/register', {
      ...account,
      role: 'operator',
      rol: 'O',
      next: '/',
    });
    const made = await known(site.url, account);
    expect((await made.call('GET', '/api/v1/me')).json).toMatchObject({ role: 'reader' });
  });

  it.each([
    'id',
    'status',
    'revision',
    'publishedAt',
    'createdAt',
    'ownerId',
    'commentCount',
    '__proto__',
    'art_id',
  ])('%s of an article cannot be given', async (name) => {
    const body = JSON.stringify(articleAbout(rareWord())).replace(/^\{/, `{"${name}":"published",`);
    const response = await fetch(new URL('/api/v1/articles', site.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${editor.token}` },
      body,
    });
    const json = (await response.json()) as { status: unknown; revision?: number };
    if (response.status === 201)
      expect(json).toMatchObject({ status: 'draft', revision: 1, publishedAt: null });
    else expect(response.status).toBe(400);
  });
});

describe('what a reader may not', () => {
  it('write, publish, import, run batches, rotate keys, raise accounts, read accounts', async () => {
    const draft = await drafted(editor, articleAbout(rareWord()));
    const article = await published(editor, articleAbout(rareWord()));
    const { id } = bodyOf<{ id: string }>(await reader.call('GET', '/api/v1/me'));
    const match = { 'if-match': '"1"' };
    const told = async (path: string): Promise<number> =>
      (await reader.call('PUT', path, articleAbout('x'), match)).status;
    const attempts: [string, string, object?][] = [
      ['POST', '/api/v1/articles', articleAbout('x')],
      ['PUT', `/api/v1/articles/${article.id}`, articleAbout('x')],
      ['POST', `/api/v1/articles/${article.id}/withdraw`],
      ['POST', '/api/v1/search/batch-runs'],
      ['POST', '/api/v1/search/batch-settings', { intervalMs: 0 }],
      ['POST', '/api/v1/signing-keys/rotations'],
      ['POST', '/api/v1/digest/runs'],
      ['GET', '/api/v1/accounts'],
      ['GET', '/api/v1/digest/runs'],
      ['PUT', `/api/v1/accounts/${id}/role`, { role: 'operator' }],
      ['GET', '/api/v1/articles?status=draft'],
    ];
    for (const [method, path, body] of attempts) {
      expect({ path, status: (await reader.call(method, path, body, match)).status }).toEqual({
        path,
        status: 403,
      });
      expect({ path, status: (await anyone(method, path, body, match)).status }).toEqual({
        path,
        status: 401,
      });
    }
    expect(await told(`/api/v1/articles/${draft.id}`)).toBe(
      await told('/api/v1/articles/nobody-wrote-this'),
    );
    // Whether a draft is there is nothing that a reader learns.
    for (const page of ['/desk', '/desk/new', '/desk/comments', `/desk/articles/${draft.id}`]) {
      const session = await logIn(site.url, reader);
      expect([403, 404]).toContain((await session.get(page)).status);
    }
  });
});
