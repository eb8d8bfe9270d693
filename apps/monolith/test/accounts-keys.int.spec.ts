import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createTokenVerifier } from '@newscience/service-kit/operator-auth';
import type { TestDatabase } from '@newscience/testing/template-database';
import { decodeJwt, decodeProtectedHeader, exportJWK, SignJWT, UnsecuredJWT } from 'jose';
import type { JWTPayload } from 'jose';
import { z } from 'zod';
import { createLogger } from '@newscience/service-kit/logging';
import { createPool } from '@newscience/service-kit/postgres';
import { createAccounts } from '../src/accounts/accounts.ts';
import { cloneDatabase, operator, startMonolith, testConfig } from './monolith.ts';
import type { Env, TestMonolith } from './monolith.ts';
import { signingKeyOf } from './signing-key.ts';
import { createSiteClient } from './site-client.ts';

const jwks = z.strictObject({
  keys: z.array(
    z.strictObject({
      kty: z.literal('OKP'),
      crv: z.literal('Ed25519'),
      x: z.string(),
      kid: z.string(),
      alg: z.literal('EdDSA'),
      use: z.literal('sig'),
    }),
  ),
});
const rotation = z.object({ kid: z.string(), signsFrom: z.coerce.date(), created: z.boolean() });

let database: TestDatabase;
const sites: TestMonolith[] = [];

async function open(env: Env = {}): Promise<TestMonolith> {
  const site = await startMonolith(env, database);
  sites.push(site);
  return site;
}

/** What another service verifies with. */
const createVerifier = (url: string) =>
  createTokenVerifier({
    jwksUrl: `${url}/.well-known/jwks.json`,
    issuer: 'newscience',
    audience: 'newscience',
  });

const kids = async (site: TestMonolith) =>
  jwks
    .parse((await createSiteClient(site.url).call('/.well-known/jwks.json')).body)
    .keys.map(({ kid }) => kid);
const token = (site: TestMonolith) => createSiteClient(site.url).token(operator.email);
const kidOf = (jwt: string) => decodeProtectedHeader(jwt).kid ?? '';
const holds = async (site: TestMonolith, jwt: string) =>
  (await createSiteClient(site.url).call('/api/v1/me', { token: jwt })).status === 200;
async function rotate(site: TestMonolith) {
  const answer = await createSiteClient(site.url).call('/api/v1/signing-keys/rotations', {
    method: 'POST',
    token: await token(site),
  });
  return { status: answer.status, ...rotation.parse(answer.body) };
}
/** Lets time pass for all keys. */
const pass = (site: TestMonolith, ms: number) =>
  site.query(
    `UPDATE sgn_key SET crt_ts = crt_ts - $1 * interval '1 ms', sgn_ts = sgn_ts - $1 * interval '1 ms', ret_ts = ret_ts - $1 * interval '1 ms'`,
    [ms],
  );
const minutes = (count: number) => count * 60_000;

beforeAll(async () => {
  database = await cloneDatabase();
});
beforeEach(async () => {
  await Promise.all(sites.splice(0).map((site) => site.close()));
  const site = await open();
  await site.query('DELETE FROM sgn_key');
  await Promise.all(sites.splice(0).map((one) => one.close()));
});
afterAll(async () => {
  await Promise.all(sites.map((site) => site.close()));
  await database.drop();
});

describe('bearer tokens', () => {
  it('say who, what and until when, signed with EdDSA', async () => {
    const site = await open();
    const jwt = await token(site);
    expect(decodeProtectedHeader(jwt)).toEqual({
      alg: 'EdDSA',
      typ: 'JWT',
      kid: (await kids(site))[0],
    });
    const claims = decodeJwt(jwt);
    expect(claims).toMatchObject({
      iss: 'newscience',
      aud: 'newscience',
      role: 'operator',
      name: 'Operator',
      sub: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(900);
  });

  it('are verified by others with the published keys alone', async () => {
    const site = await open();
    const verify = createVerifier(site.url);
    expect(await verify(await token(site))).toMatchObject({ ok: true });
  });

  describe('that are forged', () => {
    let site: TestMonolith;
    let good: string;
    let claims: JWTPayload;
    beforeEach(async () => {
      site = await open();
      good = await token(site);
      claims = decodeJwt(good);
    });

    const refusedWith = async (jwt: string) => {
      const answer = await createSiteClient(site.url).call('/api/v1/me', { token: jwt });
      expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect((await createVerifier(site.url)(jwt)).ok).toBe(false);
    };

    it('are refused with alg none', async () => {
      await refusedWith(new UnsecuredJWT(claims).encode());
      const [, payload = ''] = good.split('.');
      for (const alg of ['none', 'None', 'NONE']) {
        const header = Buffer.from(JSON.stringify({ alg, kid: kidOf(good), typ: 'JWT' })).toString(
          'base64url',
        );
        await refusedWith(`${header}.${payload}.`);
      }
    });

    it('are refused when signed with HS256 by the public key', async () => {
      const answer = await createSiteClient(site.url).call('/.well-known/jwks.json');
      const [key] = jwks.parse(answer.body).keys;
      for (const secret of [
        Buffer.from(key?.x ?? '', 'base64url'),
        Buffer.from(JSON.stringify(key)),
        Buffer.from(key?.x ?? ''),
      ]) {
        await refusedWith(
          await new SignJWT(claims)
            .setProtectedHeader({ alg: 'HS256', kid: kidOf(good) })
            .sign(secret),
        );
      }
    });

    it('are refused when signed by a key of the attacker, also one that comes with the token', async () => {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      const jwk = await exportJWK(publicKey);
      const sign = (header: object) =>
        new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', ...header }).sign(privateKey);
      await refusedWith(await sign({ kid: kidOf(good) }));
      await refusedWith(await sign({ kid: 'unknown' }));
      await refusedWith(await sign({}));
      await refusedWith(await sign({ jwk }));
      await refusedWith(await sign({ kid: kidOf(good), jku: 'https://evil.example/jwks.json' }));
    });

    it('are refused when anything in them was changed', async () => {
      const [header = '', payload = '', signature = ''] = good.split('.');
      const raised = Buffer.from(
        JSON.stringify({ ...claims, sub: '00000000-0000-4000-8000-000000000000' }),
      ).toString('base64url');
      await refusedWith(`${header}.${raised}.${signature}`);
      await refusedWith(`${header}.${payload}.${signature.slice(0, -4)}AAAA`);
      await refusedWith(`${header}.${payload}`);
      await refusedWith('x'.repeat(5000));
    });
  });

  describe('signed by the right key', () => {
    it.each<[string, JWTPayload, boolean]>([
      ['a moment before their end', { exp: 2 }, true],
      ['after their end', { exp: -6 }, false],
      ['without an end', {}, false],
      ['by another issuer', { exp: 60, iss: 'somebody' }, false],
      ['for another audience', { exp: 60, aud: 'somebody' }, false],
      ['that are not valid yet', { exp: 60, nbf: 60 }, false],
      ['for nobody', { exp: 60, sub: '00000000-0000-4000-8000-000000000000' }, false],
      ['for no uuid', { exp: 60, sub: `1' OR '1'='1` }, false],
      ['of an older password', { exp: 60, ver: 0 }, false],
    ])('%s: %j', async (_name, change, accepted) => {
      const site = await open();
      const claims = decodeJwt(await token(site));
      delete claims.exp;
      const now = Math.floor(Date.now() / 1000);
      const { kid, key } = await signingKeyOf(site, testConfig(database, {}));
      const timed = {
        ...change,
        ...(change.exp === undefined ? {} : { exp: now + change.exp }),
        ...(change.nbf === undefined ? {} : { nbf: now + change.nbf }),
      };
      const jwt = await new SignJWT({ ...claims, ...timed })
        .setProtectedHeader({ alg: 'EdDSA', kid })
        .sign(key);
      expect(await holds(site, jwt)).toBe(accepted);
    });
  });
});

describe('signing keys', () => {
  it('are sealed in the database', async () => {
    const site = await open();
    const [row] = await site.query<{ prv_jwk: object }>('SELECT prv_jwk FROM sgn_key');
    expect(Object.keys(row?.prv_jwk ?? {}).sort()).toEqual(['alg', 'iv', 'tag', 'txt']);
  });

  it('do not open with another secret: the service says so and does not start', async () => {
    await open();
    await expect(
      open({ KEY_ENCRYPTION_SECRET: 'quite another secret than the first one' }),
    ).rejects.toThrow(/does not open with KEY_ENCRYPTION_SECRET\. Restore the secret/);
  });

  it('are published before they sign, and sign from then on', async () => {
    const site = await open();
    const [first = ''] = await kids(site);
    const before = await token(site);
    const next = await rotate(site);
    expect(next).toMatchObject({ status: 201, created: true });
    expect(next.signsFrom.getTime() - Date.now()).toBeGreaterThan(minutes(14.9));
    expect(new Set(await kids(site))).toEqual(new Set([first, next.kid]));
    expect(kidOf(await token(site))).toBe(first);

    await pass(site, minutes(15));
    const later = await open();
    expect(kidOf(await token(later))).toBe(next.kid);
    expect(await holds(later, before)).toBe(true);
  });

  it('stay published until the last token they signed is over, and log nobody out', async () => {
    const site = await open();
    const [first = ''] = await kids(site);
    const next = await rotate(site);
    const last = await token(site);
    expect(kidOf(last)).toBe(first);
    // The last token is signed when the lead is over and lives for 15 minutes; one more for wrong clocks.
    await pass(site, minutes(15 + 15 + 1) - 10_000);
    const shortBefore = await open();
    expect(await kids(shortBefore)).toContain(first);
    expect(await holds(shortBefore, last)).toBe(true);

    await pass(site, 10_000);
    const after = await open();
    expect(await kids(after)).toEqual([next.kid]);
    expect(await holds(after, last)).toBe(false);
    expect(await holds(after, await token(after))).toBe(true);
  });

  it('are rotated once when two instances rotate at once, any number of times', async () => {
    const [a, b] = [await open(), await open()];
    const both = await Promise.all([rotate(a), rotate(b), rotate(a), rotate(b)]);
    expect(new Set(both.map(({ kid }) => kid)).size).toBe(1);
    expect(both.filter(({ created }) => created)).toHaveLength(1);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 200, 200, 201]);
    expect(await a.query('SELECT 1 FROM sgn_key')).toHaveLength(2);
  });

  it('are made once when two instances start at once on an empty database', async () => {
    const both = await Promise.all([open(), open(), open()]);
    const [row] = both;
    expect(await row.query('SELECT 1 FROM sgn_key')).toHaveLength(1);
    expect(await kids(both[0])).toEqual(await kids(both[2]));
  });

  it('of another instance are known to all that look after it: tokens hold everywhere', async () => {
    const [a, b] = [
      await open({ KEY_PUBLISH_AHEAD_MS: '3s' }),
      await open({ KEY_PUBLISH_AHEAD_MS: '3s' }),
    ];
    const old = await token(b);
    const next = await rotate(a);
    expect(await holds(b, await token(a))).toBe(true);
    await pass(a, 3000);
    // The caches of both end after a third of the lead.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const fresh = await token(a);
    expect(kidOf(fresh)).toBe(next.kid);
    expect(kidOf(await token(b))).toBe(next.kid);
    expect(await holds(b, fresh)).toBe(true);
    expect(await holds(b, old)).toBe(true);
  });

  it('may be cached by others for less than they are published ahead', async () => {
    const site = await open();
    const answer = await createSiteClient(site.url).call('/.well-known/jwks.json');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300');
  });

  it('are replaced when they have grown old, and not a moment before', async () => {
    const site = await open();
    const config = testConfig(database, {});
    const logger = createLogger({ service: 'test', level: 'silent' });
    const pool = createPool({ url: database.url, applicationName: 'test', logger, max: 2 });
    const accounts = createAccounts({ config, pool, logger });
    await pass(site, config.KEY_ROTATION_MS - 5000);
    await accounts.cleanUp();
    expect(await site.query('SELECT 1 FROM sgn_key')).toHaveLength(1);
    await pass(site, 5000);
    await Promise.all([accounts.cleanUp(), accounts.cleanUp()]);
    expect(await site.query('SELECT 1 FROM sgn_key')).toHaveLength(2);
    await pass(site, minutes(15 + 15 + 1));
    await accounts.cleanUp();
    expect(await site.query('SELECT 1 FROM sgn_key')).toHaveLength(1);
    await pool.end();
  });
});
