import { isIPv6 } from 'node:net';
import type { Pool } from 'pg';
import { withTransaction } from '@newscience/service-kit/postgres';
import { err, ok } from '@newscience/service-kit/result';
import type { Result } from '@newscience/service-kit/result';

export type AttKey = { key: string; max: number };
export type AttLimit = ReturnType<typeof createAttLimit>;

type Row = { att_key: string; cnt: number; wait_ms: number };

/**
 * At most `max` attempts a key in any window of `windowMs`, counted in the database, so that all instances
 * count together. An attempt counts before its outcome is known: guesses in parallel gain nothing.
 */
export function createAttLimit({ pool, windowMs }: { pool: Pool; windowMs: number }) {
  return {
    /**
     * Counts one attempt for each key, or for none when one of them is used up; then the error is the
     * number of seconds until the next attempt is admitted.
     */
    take(keys: AttKey[]): Promise<Result<string[], number>> {
      return withTransaction(pool, async (client) => {
        const names = keys.map(({ key }) => key);
        // One at a time per key; in a set order, because two keys could meet two others the other way round.
        await client.query(
          `SELECT pg_advisory_xact_lock(hashtextextended(k, 0)) FROM (SELECT unnest($1::text[]) AS k ORDER BY 1) AS keys`,
          [names],
        );
        const { rows } = await client.query<Row>(
          `SELECT att_key, count(*)::int AS cnt,
                  (extract(epoch FROM (array_agg(att_ts ORDER BY att_ts DESC))[lim] - since) * 1000)::float8 AS wait_ms
             FROM unnest($1::text[], $2::int[]) AS k (att_key, lim)
             JOIN log_att USING (att_key),
                  (SELECT clock_timestamp() - $3::float8 * interval '1 ms' AS since) AS w
            WHERE att_ts > since
            GROUP BY att_key, lim, since`,
          [names, keys.map(({ max }) => max), windowMs],
        );
        const full = rows.filter(
          (row) => row.cnt >= (keys.find(({ key }) => key === row.att_key)?.max ?? 0),
        );
        if (full.length > 0)
          return err(Math.max(1, ...full.map((row) => Math.ceil(row.wait_ms / 1000))));
        const counted = await client.query<{ att_id: string }>(
          'INSERT INTO log_att (att_key) SELECT unnest($1::text[]) RETURNING att_id',
          [names],
        );
        return ok(counted.rows.map((row) => row.att_id));
      });
    },

    /** Uncounts these attempts, and all of the given key. */
    async forget(attempts: string[], key: string | null): Promise<void> {
      await pool.query('DELETE FROM log_att WHERE att_id = ANY ($1::bigint[]) OR att_key = $2', [
        attempts,
        key,
      ]);
    },

    /** Removes what no window reaches any more. */
    async cleanUp(): Promise<void> {
      await pool.query(`DELETE FROM log_att WHERE att_ts < now() - $1::float8 * interval '1 ms'`, [
        windowMs,
      ]);
    },
  };
}

/** What counts as one address: an IPv4 address, or the /64 that an IPv6 customer has to themselves. */
export function addressGroup(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const left = head.split(':').filter((part) => part !== '');
  const right = (tail ?? '').split(':').filter((part) => part !== '');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array.from({ length: Math.max(0, zeros) }, () => '0'), ...right];
  return groups
    .slice(0, 4)
    .map((group) => parseInt(group, 16).toString(16))
    .join(':');
}
