import { createTokenVerifier } from '@newscience/service-kit/operator-auth';
import type { TokenVerifier } from '@newscience/service-kit/operator-auth';
import { decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import { operator } from './monolith.ts';
import type { TestMonolith } from './monolith.ts';
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

/** The published keys, which hold nothing private. */
export async function keysOf(site: TestMonolith): Promise<z.output<typeof jwks>['keys']> {
  return jwks.parse((await createSiteClient(site.url).call('/.well-known/jwks.json')).body).keys;
}

/** A token of the operator. */
export const tokenOf = (site: TestMonolith): Promise<string> =>
  createSiteClient(site.url).token(operator.email);

export const kidOf = (jwt: string): string => decodeProtectedHeader(jwt).kid ?? '';

/** Whether the site takes the token. */
export async function holds(site: TestMonolith, jwt: string): Promise<boolean> {
  return (await createSiteClient(site.url).call('/api/v1/me', { token: jwt })).status === 200;
}

/** What another service verifies with. */
export const createVerifier = (url: string): TokenVerifier =>
  createTokenVerifier({
    jwksUrl: `${url}/.well-known/jwks.json`,
    issuer: 'newscience',
    audience: 'newscience',
  });
