import type pg from 'pg';

import type { Logger } from '@newscience/service-kit/logging';

/** One statement looks at this many positions, so that none takes long. */
const WINDOW = 5000;

/**
 * Removes what the policies of the topics no longer keep: of `latest-per-key` what a later event of the key
 * replaced longer ago than the history, of `time` what is older than its days.
 *
 * @param everySeconds topics that were swept more recently are left alone; members of a site share the work by it
 * @returns how many events were removed
 */
export async function sweep(pool: pg.Pool, everySeconds: number): Promise<number> {
  let removed = 0;
  const done: string[] = [];
  for (;;) {
    const topic = await claimTopic(pool, everySeconds, done);
    if (topic === undefined) return removed;
    done.push(topic.topic);
    for (let partition = 0; partition < topic.partitions; partition += 1)
      removed += await sweepPartition(pool, topic, partition);
  }
}

type Topic = { topic: string; partitions: number; retention: string; cutoff: Date };

async function claimTopic(
  pool: pg.Pool,
  everySeconds: number,
  done: readonly string[],
): Promise<Topic | undefined> {
  const { rows } = await pool.query<Topic>(
    `UPDATE topic SET swept_at = clock_timestamp() WHERE topic = (
       SELECT topic FROM topic WHERE swept_at < clock_timestamp() - make_interval(secs => $1) AND topic <> ALL ($2)
        ORDER BY swept_at LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING topic, partitions, retention, clock_timestamp() - make_interval(days => retention_days) AS cutoff`,
    [everySeconds, done],
  );
  return rows[0];
}

async function sweepPartition(pool: pg.Pool, topic: Topic, partition: number): Promise<number> {
  let removed = 0;
  for (let from = 0n; ;) {
    const { rows } = await pool.query<{ last: string | null; removed: string; young: boolean }>(
      `WITH looked_at AS (
         SELECT position, key, published_at FROM event_log
          WHERE topic = $1 AND partition = $2 AND position >= $3 ORDER BY position LIMIT ${WINDOW}
       ), gone AS (
         DELETE FROM event_log e USING looked_at l
          WHERE e.topic = $1 AND e.partition = $2 AND e.position = l.position AND l.published_at < $4
            AND ($5 = 'time' OR EXISTS (
              SELECT FROM event_log later WHERE later.topic = $1 AND later.partition = $2
                 AND later.key = l.key AND later.position > l.position))
         RETURNING 1
       )
       SELECT (SELECT max(position) FROM looked_at) AS last, (SELECT count(*) FROM gone) AS removed,
              coalesce((SELECT bool_or(published_at >= $4) FROM looked_at), true) AS young`,
      [topic.topic, partition, from, topic.cutoff, topic.retention],
    );
    const [row] = rows;
    if (row === undefined) return removed;
    removed += Number(row.removed);
    // Times grow with positions: behind the first event that is young enough nothing is left to do.
    if (row.last === null || row.young) return removed;
    from = BigInt(row.last) + 1n;
  }
}

/** Sweeps now and then until it is stopped. */
export function startSweeping(
  pool: pg.Pool,
  logger: Logger,
  { everySeconds = 3600, lookEveryMs = 60_000 } = {},
): { stop: () => Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    running = running
      .then(() => sweep(pool, everySeconds))
      .then((removed) => {
        if (removed > 0) logger.info({ removed }, 'events removed by retention');
      })
      .catch((error: unknown) => logger.warn({ err: error }, 'retention could not be applied'));
  }, lookEveryMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
