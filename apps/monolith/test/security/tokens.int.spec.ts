import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader, exportJWK, SignJWT, UnsecuredJWT } from 'jose';
import type { JWTPayload } from 'jose';
import { createVerifier, holds, keysOf, kidOf, tokenOf } from '../bearer-tokens.ts';
import { startMonolith, testConfig } from '../monolith.ts';
import type { TestMonolith } from '../monolith.ts';
import { signingKeyOf } from '../signing-key.ts';
import { createSiteClient } from '../site-client.ts';

let site: TestMonolith;
beforeAll(async () => {
  site = await startMonolith();
});
afterAll(() => site.close());

describe('bearer tokens', () => {
  it('say who, what and until when, signed with EdDSA', async () => {
    const jwt = await tokenOf(site);
    expect(decodeProtectedHeader(jwt)).toEqual({
      alg: 'EdDSA',
      typ: 'JWT',
      kid: (await keysOf(site))[0]?.kid,
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
    const verify = createVerifier(site.url);
    expect(await verify(await tokenOf(site))).toMatchObject({ ok: true });
  });

  describe('that are forged', () => {
    let good: string;
    let claims: JWTPayload;
    beforeAll(async () => {
      good = await tokenOf(site);
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
      const [key] = await keysOf(site);
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
      const claims = decodeJwt(await tokenOf(site));
      delete claims.exp;
      const now = Math.floor(Date.now() / 1000);
      const { kid, key } = await signingKeyOf(site, testConfig(site.database, {}));
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

  it('are refused once the key that signed them is no longer published, here and elsewhere', async () => {
    const jwt = await tokenOf(site);
    await site.query(
      `UPDATE sgn_key SET crt_ts = crt_ts - interval '2 hours', sgn_ts = sgn_ts - interval '2 hours', ret_ts = now() - interval '1 second'`,
    );
    const fresh = await startMonolith({}, site.database);
    expect(kidOf(await tokenOf(fresh))).not.toBe(kidOf(jwt));
    expect(await holds(fresh, jwt)).toBe(false);
    expect((await createVerifier(fresh.url)(jwt)).ok).toBe(false);
    await fresh.close();
  });
});
