import type pg from 'pg';
import { z } from 'zod';

import type { BucketKey, BucketStore } from '../bucket-store.ts';
import { queryWithin } from './within.ts';

// $1 name, $2 milliseconds of these tokens, $3 milliseconds of the capacity. The conflicting row is locked before
// anything is computed from it, so that the clock is read after all who came before are done.
const reserve = `
WITH taken AS (
  INSERT INTO resilience_bucket AS b (name, full_at)
  VALUES ($1, clock_timestamp() + $2::float8 * interval '1 ms')
  ON CONFLICT (name) DO UPDATE
    SET full_at = greatest(b.full_at, b.closed_until, clock_timestamp()) + $2::float8 * interval '1 ms'
    WHERE greatest(
        greatest(b.full_at, b.closed_until, clock_timestamp()) + ($2::float8 - $3::float8) * interval '1 ms',
        b.closed_until
      ) <= clock_timestamp() + $4::float8 * interval '1 ms'
  RETURNING greatest(full_at - $3::float8 * interval '1 ms', closed_until) AS grant_at
)
SELECT true AS granted, extract(epoch FROM grant_at - clock_timestamp())::float8 * 1000 AS wait FROM taken
UNION ALL
SELECT false, extract(epoch FROM greatest(
    greatest(full_at, closed_until, clock_timestamp()) + ($2::float8 - $3::float8) * interval '1 ms',
    closed_until
  ) - clock_timestamp())::float8 * 1000
FROM resilience_bucket WHERE name = $1 AND NOT EXISTS (SELECT FROM taken)`;

const giveBack = `
UPDATE resilience_bucket SET full_at = full_at - $2::float8 * interval '1 ms' WHERE name = $1`;

const penalise = `
INSERT INTO resilience_bucket AS b (name, closed_until, full_at)
VALUES ($1, clock_timestamp() + $2::float8 * interval '1 ms', clock_timestamp() + ($2::float8 + $3::float8) * interval '1 ms')
ON CONFLICT (name) DO UPDATE SET
  closed_until = greatest(b.closed_until, excluded.closed_until),
  full_at = greatest(b.full_at, greatest(b.closed_until, excluded.closed_until) + $3::float8 * interval '1 ms')`;

const left = `
SELECT greatest(0, extract(epoch FROM full_at - clock_timestamp()) * 1000)::float8 AS missing
FROM resilience_bucket WHERE name = $1`;

const reservationSchema = z.object({ granted: z.boolean(), wait: z.number() });
const missingSchema = z.object({ missing: z.number() });

const tokensMs = ({ ratePerSecond }: BucketKey, tokens: number): number =>
  (tokens * 1000) / ratePerSecond;

/**
 * Buckets in the service's own database; time is the server's. Each method is one statement. Its table is in
 * `migrations/`, part `bucket`.
 *
 * @param pool better one of its own: waiting for a busy connection makes tokens late
 */
export function createPostgresBucketStore(pool: pg.Pool): BucketStore {
  return {
    async reserve(key, tokens, mostWaitMs) {
      const capacityMs = tokensMs(key, key.burst);
      const values = [key.name, tokensMs(key, tokens), capacityMs, mostWaitMs];
      const { rows } = await queryWithin(pool, reserve, values);
      // None where somebody else has made the bucket in this very moment, and has emptied it.
      if (rows.length === 0) return { granted: false, waitMs: mostWaitMs + tokensMs(key, tokens) };
      const { granted, wait } = reservationSchema.parse(rows[0]);
      const waitMs = Math.max(0, wait);
      return granted ? { granted, waitMs } : { granted, waitMs };
    },
    async giveBack(key, tokens) {
      await queryWithin(pool, giveBack, [key.name, tokensMs(key, tokens)]);
    },
    async penalise(key, forMs) {
      await queryWithin(pool, penalise, [key.name, forMs, tokensMs(key, key.burst - 1)]);
    },
    async tokens(key) {
      const { rows } = await queryWithin(pool, left, [key.name]);
      const missingMs = rows.length === 0 ? 0 : missingSchema.parse(rows[0]).missing;
      return key.burst - (missingMs * key.ratePerSecond) / 1000;
    },
  };
}
