import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import { sealedSchema } from './secrets.ts';
import type { Sealed } from './secrets.ts';

/** A public Ed25519 key as JWKS shows it. */
export const publicJwkSchema = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
  kid: z.string(),
  alg: z.literal('EdDSA'),
  use: z.literal('sig'),
});
export type PublicJwk = z.output<typeof publicJwkSchema>;

const rowSchema = z.object({
  kid: z.string(),
  prv: sealedSchema,
  pub: publicJwkSchema,
  ageMs: z.number(),
  signsInMs: z.number(),
});
/** A published key; times relative to the database's clock, which all instances share. */
export type KeyRow = z.output<typeof rowSchema>;

/** All keys that are published now, the newest first. */
export async function publishedKeys(db: Pool | PoolClient): Promise<KeyRow[]> {
  const { rows } = await db.query(
    `SELECT kid, prv_jwk AS prv, pub_jwk AS pub,
            (extract(epoch FROM clock_timestamp() - crt_ts) * 1000)::float8 AS "ageMs",
            (extract(epoch FROM sgn_ts - clock_timestamp()) * 1000)::float8 AS "signsInMs"
       FROM sgn_key
      WHERE ret_ts IS NULL OR ret_ts > clock_timestamp()
      ORDER BY sgn_ts DESC, kid`,
  );
  return z.array(rowSchema).parse(rows);
}

/** One rotation at a time, whatever the number of instances; until the end of the transaction. */
export async function lockKeys(client: PoolClient): Promise<void> {
  await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('sgn_key', 0))`);
}

/** Publishes a key that signs in `aheadMs`; those before it stay published for `overlapMs` after that. */
export async function insKey(
  client: PoolClient,
  key: { kid: string; prv: Sealed; pub: PublicJwk; aheadMs: number; overlapMs: number },
): Promise<void> {
  const { kid, prv, pub, aheadMs, overlapMs } = key;
  await client.query(
    `UPDATE sgn_key SET ret_ts = clock_timestamp() + ($1::float8 + $2::float8) * interval '1 ms' WHERE ret_ts IS NULL`,
    [aheadMs, overlapMs],
  );
  await client.query(
    `INSERT INTO sgn_key (kid, prv_jwk, pub_jwk, sgn_ts)
     VALUES ($1, $2, $3, clock_timestamp() + $4::float8 * interval '1 ms')`,
    [kid, prv, pub, aheadMs],
  );
}

/** Removes the keys that nothing was signed with any more for longer than a token lives. */
export async function delRetiredKeys(pool: Pool): Promise<void> {
  await pool.query('DELETE FROM sgn_key WHERE ret_ts <= clock_timestamp()');
}
