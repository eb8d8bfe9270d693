import { importJWK } from 'jose';
import type { CryptoKey } from 'jose';
import { z } from 'zod';
import { sealedSchema, createSecrets } from '../src/accounts/secrets.ts';
import type { Config } from '../src/config.ts';
import type { TestMonolith } from './monolith.ts';

const row = z.object({
  kid: z.string(),
  prv_jwk: sealedSchema,
  pub_jwk: z.record(z.string(), z.string()),
});

/** The site's newest private key, as whoever has both the database and the secret could open it. */
export async function signingKeyOf(
  site: TestMonolith,
  config: Config,
): Promise<{ kid: string; key: CryptoKey | Uint8Array }> {
  const [found] = await site.query(
    'SELECT kid, prv_jwk, pub_jwk FROM sgn_key ORDER BY sgn_ts DESC LIMIT 1',
  );
  const { kid, prv_jwk: sealed, pub_jwk: open } = row.parse(found);
  const d = createSecrets(config.KEY_ENCRYPTION_SECRET).open(sealed, kid);
  if (d === null) throw new Error('The key does not open.');
  return { kid, key: await importJWK({ ...open, d }, 'EdDSA') };
}
