import { randomUUID } from 'node:crypto';

import type pg from 'pg';
import { z } from 'zod';

import type { DeliveryStore } from '../delivery-store.ts';

const enqueue = `
INSERT INTO resilience_delivery (queue, payload, key) VALUES ($1, $2, $3) ON CONFLICT (queue, key) DO NOTHING`;

const claim = `
UPDATE resilience_delivery SET attempts = attempts + 1, lease = $2,
  due_at = clock_timestamp() + $3::float8 * interval '1 ms'
WHERE id = (
  SELECT id FROM resilience_delivery
  WHERE queue = $1 AND dead_at IS NULL AND due_at <= clock_timestamp()
    AND NOT EXISTS (SELECT FROM resilience_delivery_queue q WHERE q.queue = $1 AND q.paused_at IS NOT NULL)
  ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id::text, payload, attempts`;

const release = `
UPDATE resilience_delivery SET attempts = attempts - 1, lease = NULL, due_at = clock_timestamp()
WHERE id = $1 AND lease = $2`;

const failed = `
UPDATE resilience_delivery SET lease = NULL, cause = $3,
  due_at = clock_timestamp() + coalesce($4::float8, 0) * interval '1 ms',
  dead_at = CASE WHEN $4::float8 IS NULL THEN clock_timestamp() END
WHERE id = $1 AND lease = $2`;

const untilDue = `
SELECT greatest(0, extract(epoch FROM due_at - clock_timestamp()) * 1000)::float8 AS ms
FROM resilience_delivery
WHERE queue = $1 AND dead_at IS NULL
  AND NOT EXISTS (SELECT FROM resilience_delivery_queue q WHERE q.queue = $1 AND q.paused_at IS NOT NULL)
ORDER BY due_at LIMIT 1`;

const pause = `
INSERT INTO resilience_delivery_queue (queue, paused_at, why) VALUES ($1, clock_timestamp(), $2)
ON CONFLICT (queue) DO UPDATE SET paused_at = excluded.paused_at, why = excluded.why`;

const state = `
SELECT count(*) FILTER (WHERE dead_at IS NULL)::int AS waiting, count(dead_at)::int AS dead,
  coalesce(greatest(0, extract(epoch FROM clock_timestamp() - min(enqueued_at) FILTER (WHERE dead_at IS NULL)) * 1000), 0)::float8 AS "oldestMs",
  (SELECT why FROM resilience_delivery_queue WHERE queue = $1 AND paused_at IS NOT NULL) AS why
FROM resilience_delivery WHERE queue = $1`;

const deadLetters = `
SELECT id::text, key, payload, attempts, coalesce(cause, '') AS cause, dead_at AS "deadAt"
FROM resilience_delivery WHERE queue = $1 AND dead_at IS NOT NULL ORDER BY resilience_delivery.id DESC LIMIT $2`;

const replay = `
UPDATE resilience_delivery SET dead_at = NULL, attempts = 0, due_at = clock_timestamp()
WHERE queue = $1 AND id = $2 AND dead_at IS NOT NULL`;

const claimedSchema = z.object({
  id: z.string(),
  payload: z.unknown(),
  attempts: z.number().int(),
});
const dueSchema = z.object({ ms: z.number() });
const stateSchema = z.object({
  waiting: z.number().int(),
  dead: z.number().int(),
  oldestMs: z.number(),
  why: z.string().nullable(),
});
const deadSchema = z.object({
  id: z.string(),
  key: z.string().nullable(),
  payload: z.unknown(),
  attempts: z.number().int(),
  cause: z.string(),
  deadAt: z.date(),
});
/** What is not a number of a row is no row's. */
const isId = (id: string): boolean => /^\d{1,18}$/.test(id);

/** Anything that runs a query: a pool, or the client of a transaction. */
export type Queryable = Pick<pg.Pool | pg.PoolClient, 'query'>;

/**
 * Puts something into a queue, in the caller's own transaction if it has one: what is rolled back is never delivered.
 * False where one with this key is there already.
 */
export async function enqueueDelivery(
  client: Queryable,
  queue: string,
  payload: unknown,
  key?: string,
): Promise<boolean> {
  const values = [queue, JSON.stringify(payload), key ?? null];
  const { rowCount } = await client.query(enqueue, values);
  return rowCount === 1;
}

/** Queues in the service's own database; time is the server's. Its tables are in `migrations/`, part `delivery`. */
export function createPostgresDeliveryStore(pool: pg.Pool): DeliveryStore {
  const changes = async (text: string, values: readonly unknown[]): Promise<boolean> =>
    (await pool.query(text, [...values])).rowCount === 1;
  return {
    enqueue: (queue, payload, key) => enqueueDelivery(pool, queue, payload, key),
    async claim(queue, leaseMs) {
      const lease = randomUUID();
      const { rows } = await pool.query(claim, [queue, lease, leaseMs]);
      return rows.length === 0 ? undefined : { ...claimedSchema.parse(rows[0]), lease };
    },
    async release({ id, lease }) {
      await pool.query(release, [id, lease]);
    },
    delivered: ({ id, lease }) =>
      changes('DELETE FROM resilience_delivery WHERE id = $1 AND lease = $2', [id, lease]),
    failed: ({ id, lease }, then, cause) =>
      changes(failed, [id, lease, cause.slice(0, 2000), then.kind === 'dead' ? null : then.inMs]),
    async untilDue(queue) {
      const { rows } = await pool.query(untilDue, [queue]);
      return rows.length === 0 ? undefined : dueSchema.parse(rows[0]).ms;
    },
    async pause(queue, why) {
      await pool.query(pause, [queue, why]);
    },
    async resume(queue) {
      await pool.query('DELETE FROM resilience_delivery_queue WHERE queue = $1', [queue]);
    },
    async state(queue) {
      const { rows } = await pool.query(state, [queue]);
      const { why, ...counts } = stateSchema.parse(rows[0]);
      return { ...counts, paused: why === null ? undefined : { why } };
    },
    async deadLetters(queue, limit) {
      const { rows } = await pool.query(deadLetters, [queue, limit]);
      return rows.map((row) => {
        const { key, ...letter } = deadSchema.parse(row);
        return { ...letter, key: key ?? undefined };
      });
    },
    replay: (queue, id) => (isId(id) ? changes(replay, [queue, id]) : Promise.resolve(false)),
    discard: (queue, id) =>
      isId(id)
        ? changes(
            'DELETE FROM resilience_delivery WHERE queue = $1 AND id = $2 AND dead_at IS NOT NULL',
            [queue, id],
          )
        : Promise.resolve(false),
  };
}
