import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { roleName } from './access.ts';
import type { KeyRing } from './key-ring.ts';
import type { UsrRow } from './usr-sql.ts';

/** How long a bearer token lives. */
export const tokenMs = 15 * 60_000;
const issuer = 'newscience';
const audience = 'newscience';

const claims = z.object({ sub: z.uuid(), ver: z.int() });

export type Tok = ReturnType<typeof createTok>;
export type IssuedToken = { accessToken: string; tokenType: 'Bearer'; expiresIn: number };

/** Bearer tokens: JWT, EdDSA, with role and name for the services that verify them by the published keys. */
export function createTok(ring: KeyRing) {
  return {
    /** `expiresIn` is in seconds. */
    async issue(usr: UsrRow): Promise<IssuedToken> {
      const { kid, key } = await ring.signer();
      const accessToken = await new SignJWT({
        role: roleName(usr.rol),
        name: usr.nm,
        ver: usr.tokVer,
      })
        .setProtectedHeader({ alg: 'EdDSA', kid, typ: 'JWT' })
        .setSubject(usr.usrRef)
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime(`${tokenMs / 1000}s`)
        .sign(key);
      return { accessToken, tokenType: 'Bearer', expiresIn: tokenMs / 1000 };
    },

    /** Whose token it is; null when it is not ours, too old, or signed by a key that is no longer published. */
    async read(token: string): Promise<{ usrRef: string; ver: number } | null> {
      try {
        const { payload } = await jwtVerify(
          token,
          async ({ kid }) => {
            const key = kid === undefined ? null : await ring.verifier(kid);
            if (key === null) throw new errors.JWKSNoMatchingKey();
            return key;
          },
          {
            algorithms: ['EdDSA'],
            issuer,
            audience,
            requiredClaims: ['exp', 'iat'],
            clockTolerance: 5,
          },
        );
        const { sub, ver } = claims.parse(payload);
        return { usrRef: sub, ver };
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof z.ZodError) return null;
        throw error;
      }
    },
  };
}
