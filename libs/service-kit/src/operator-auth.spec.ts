import { createServer } from 'node:http';
import type { Server } from 'node:http';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import type { CryptoKey, JWK } from 'jose';

import { serve } from '../test/served-app.ts';
import { claimsOf, createTokenVerifier, requireRole } from './operator-auth.ts';
import type { TokenVerifier } from './operator-auth.ts';

const issuer = 'newscience';
const audience = 'newscience';
type Key = { kid: string; publicKey: CryptoKey; privateKey: CryptoKey; jwk: JWK };

async function makeKey(kid: string): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  return {
    kid,
    publicKey,
    privateKey,
    jwk: { ...(await exportJWK(publicKey)), kid, alg: 'EdDSA', use: 'sig' },
  };
}

type Change = {
  issuer?: string;
  audience?: string;
  role?: string | null;
  expires?: string;
  notBefore?: string;
};

function sign({ kid, privateKey }: Key, change: Change = {}): Promise<string> {
  const role = change.role === undefined ? 'operator' : change.role;
  const token = new SignJWT({ name: 'Ada', ...(role === null ? {} : { role }) })
    .setProtectedHeader({ alg: 'EdDSA', kid })
    .setSubject('7a3c')
    .setIssuer(change.issuer ?? issuer)
    .setAudience(change.audience ?? audience)
    .setIssuedAt()
    .setExpirationTime(change.expires ?? '15m');
  if (change.notBefore !== undefined) token.setNotBefore(change.notBefore);
  return token.sign(privateKey);
}

/** A place where keys are published; it can be emptied, broken, silenced and shut. */
class Jwks {
  keys: JWK[] = [];
  fetches = 0;
  answer: 'keys' | 'error' | 'nonsense' | 'silence' = 'keys';
  #server: Server | undefined;
  #port = 0;

  async open(): Promise<void> {
    const server = createServer((_req, res) => {
      this.fetches += 1;
      if (this.answer === 'error') res.writeHead(500).end();
      else if (this.answer === 'nonsense') res.end('<html>');
      else if (this.answer === 'keys')
        res.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: this.keys }));
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
    this.#server = server;
  }

  async shut(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/.well-known/jwks.json`;
  }
}

let jwks: Jwks;
let key: Key;
let verify: TokenVerifier;

beforeEach(async () => {
  jest.useFakeTimers({
    doNotFake: [
      'setImmediate',
      'setTimeout',
      'clearTimeout',
      'setInterval',
      'clearInterval',
      'nextTick',
      'queueMicrotask',
    ],
  });
  jwks = new Jwks();
  await jwks.open();
  key = await makeKey('key-1');
  jwks.keys = [key.jwk];
  verify = createTokenVerifier({ jwksUrl: jwks.url, issuer, audience, timeoutMs: 1500 });
});
afterEach(async () => {
  jest.useRealTimers();
  await jwks.shut();
});

const pass = (seconds: number): void => jest.advanceTimersByTime(seconds * 1000);

describe('a valid token', () => {
  it('gives its claims', async () => {
    const verified = await verify(await sign(key));
    expect(verified).toMatchObject({
      ok: true,
      value: { sub: '7a3c', role: 'operator', name: 'Ada' },
    });
    if (verified.ok) expect(verified.value.expiresAt.getTime()).toBeGreaterThan(Date.now());
  });

  it('does not need the keys to be fetched each time', async () => {
    for (let i = 0; i < 5; i += 1) await verify(await sign(key));
    expect(jwks.fetches).toBe(1);
  });

  it('is good until just after its end, for clocks differ', async () => {
    const token = await sign(key, { expires: '10s' });
    pass(14);
    expect((await verify(token)).ok).toBe(true);
    pass(2);
    expect((await verify(token)).ok).toBe(false);
  });
});

describe('a token that is refused', () => {
  const cases: [string, () => Promise<string>][] = [
    [
      'without a signature (alg none)',
      () =>
        Promise.resolve(
          new UnsecuredJWT({ role: 'operator' })
            .setSubject('7a3c')
            .setIssuer(issuer)
            .setAudience(audience)
            .setExpirationTime('15m')
            .encode(),
        ),
    ],
    [
      'signed with HS256 and the public key as the secret',
      async () =>
        new SignJWT({ role: 'operator' })
          .setProtectedHeader({ alg: 'HS256', kid: 'key-1' })
          .setSubject('7a3c')
          .setIssuer(issuer)
          .setAudience(audience)
          .setExpirationTime('15m')
          .sign(new TextEncoder().encode(await exportSPKI(key.publicKey))),
    ],
    [
      'signed with HS256 and the published key as the secret',
      () =>
        new SignJWT({ role: 'operator' })
          .setProtectedHeader({ alg: 'HS256', kid: 'key-1' })
          .setSubject('7a3c')
          .setIssuer(issuer)
          .setAudience(audience)
          .setExpirationTime('15m')
          .sign(Buffer.from((key.jwk.x ?? '').padEnd(43, 'A'), 'base64url')),
    ],
    [
      'signed by another key with a known id',
      async () => sign({ ...(await makeKey('key-1')), kid: 'key-1' }),
    ],
    ['signed by a key that nobody publishes', async () => sign(await makeKey('key-9'))],
    ['that has expired', () => sign(key, { expires: '-6s' })],
    ['that is not valid yet', () => sign(key, { notBefore: '1m' })],
    ['for another audience', () => sign(key, { audience: 'elsewhere' })],
    ['of another issuer', () => sign(key, { issuer: 'elsewhere' })],
    ['without a role', () => sign(key, { role: null })],
    [
      'that was tampered with',
      async () =>
        (await sign(key)).replace(
          /\.[^.]+\./,
          `.${Buffer.from('{"role":"operator","exp":9999999999,"sub":"x"}').toString('base64url')}.`,
        ),
    ],
    ['that is none', () => Promise.resolve('a.b.c')],
    ['that is empty', () => Promise.resolve('')],
  ];
  it.each(cases)('%s', async (_name, make) => {
    expect(await verify(await make())).toMatchObject({
      ok: false,
      error: { code: 'unauthorized' },
    });
  });

  it.each(['ES256', 'RS256', 'Ed25519'])(
    'signed with %s, be its key published or not',
    async (alg) => {
      const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
      jwks.keys.push({ ...(await exportJWK(publicKey)), kid: 'key-2', alg });
      const token = await new SignJWT({ role: 'operator' })
        .setProtectedHeader({ alg, kid: 'key-2' })
        .setSubject('7a3c')
        .setIssuer(issuer)
        .setAudience(audience)
        .setExpirationTime('15m')
        .sign(privateKey);
      expect(await verify(token)).toMatchObject({ ok: false, error: { code: 'unauthorized' } });
    },
  );

  it('is told when it has expired', async () => {
    const verified = await verify(await sign(key, { expires: '-1m' }));
    expect(verified.ok ? '' : verified.error.detail).toBe('The token has expired. Get a new one.');
  });
});

describe('when keys change', () => {
  it('takes a new key without a restart, and goes on with the old one', async () => {
    await verify(await sign(key));
    pass(6);
    const next = await makeKey('key-2');
    jwks.keys = [key.jwk, next.jwk];
    expect((await verify(await sign(next))).ok).toBe(true);
    expect((await verify(await sign(key))).ok).toBe(true);
    expect(jwks.fetches).toBe(2);
  });

  it('does not ask again for each unknown key', async () => {
    await verify(await sign(key));
    pass(6);
    const unknown = await sign(await makeKey('key-9'));
    for (let i = 0; i < 5; i += 1) await verify(unknown);
    expect(jwks.fetches).toBe(2);
  });

  it('stops trusting a key that is no longer published, ten minutes later at most', async () => {
    const token = await sign(key, { expires: '1h' });
    await verify(token);
    jwks.keys = [(await makeKey('key-2')).jwk];
    pass(601);
    expect(await verify(token)).toMatchObject({ ok: false, error: { code: 'unauthorized' } });
  });
});

describe('when the keys cannot be fetched', () => {
  it.each(['error', 'nonsense', 'silence', 'shut'] as const)(
    '(%s) a token cannot be checked: unavailable, come back',
    async (how) => {
      if (how === 'shut') await jwks.shut();
      else jwks.answer = how;
      expect(await verify(await sign(key))).toMatchObject({
        ok: false,
        error: { code: 'unavailable', retryable: true, retryAfterSeconds: 5 },
      });
      if (how === 'shut') await jwks.open();
    },
  );

  it('known keys go on working, long after they should have been fetched again', async () => {
    const token = await sign(key, { expires: '2h' });
    await verify(token);
    await jwks.shut();
    pass(3600);
    expect((await verify(token)).ok).toBe(true);
    expect(await verify(await sign(await makeKey('key-9')))).toMatchObject({
      ok: false,
      error: { code: 'unavailable' },
    });
    expect(await verify(await sign({ ...(await makeKey('key-1')), kid: 'key-1' }))).toMatchObject({
      ok: false,
      error: { code: 'unauthorized' },
    });
    await jwks.open();
    pass(6);
    expect((await verify(token)).ok).toBe(true);
  });

  it('does not let each request wait for it', async () => {
    jwks.answer = 'silence';
    const token = await sign(key);
    for (let i = 0; i < 5; i += 1) await verify(token);
    expect(jwks.fetches).toBe(1);
    pass(6);
    jwks.answer = 'keys';
    expect((await verify(token)).ok).toBe(true);
  });
});

describe('requireRole', () => {
  const serveGuarded = () =>
    serve((routes) => {
      routes.get('/routes', requireRole(verify, ['operator', 'editor']), (req, res) => {
        res.json(claimsOf(req));
      });
      routes.get('/open', (req, res) => {
        res.json(claimsOf(req));
      });
    });

  it.each([
    ['operator', 200],
    ['editor', 200],
    ['reader', 403],
    ['OPERATOR', 403],
  ])('answers a bearer with the role %s with %d', async (role, status) => {
    const app = await serveGuarded();
    const response = await fetch(`${app.url}/routes`, {
      headers: { authorization: `Bearer ${await sign(key, { role })}` },
    });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject(
      status === 200 ? { sub: '7a3c', role } : { code: 'forbidden' },
    );
    await app.close();
  });

  it.each([
    ['nothing', undefined],
    ['another scheme', 'Basic b3BlcmF0b3I6eA=='],
    ['no token', 'Bearer '],
    ['two tokens', 'Bearer a b'],
    ['a bad token', 'Bearer a.b.c'],
  ])('answers %s with 401 and how to authenticate', async (_name, authorization) => {
    const app = await serveGuarded();
    const response = await fetch(`${app.url}/routes`, {
      headers: authorization === undefined ? {} : { authorization },
    });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await response.json()).toMatchObject({ code: 'unauthorized', retryable: false });
    await app.close();
  });

  it('answers with 503 and when to come back while the keys cannot be fetched', async () => {
    const app = await serveGuarded();
    await jwks.shut();
    const response = await fetch(`${app.url}/routes`, {
      headers: { authorization: `Bearer ${await sign(key)}` },
    });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await response.json()).toMatchObject({ code: 'unavailable', retryable: true });
    await app.close();
    await jwks.open();
  });

  it('tells who forgot it', async () => {
    const app = await serveGuarded();
    expect((await fetch(`${app.url}/open`)).status).toBe(500);
    expect(JSON.stringify(app.log())).toContain('not behind requireRole()');
    await app.close();
  });
});
