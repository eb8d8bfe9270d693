import type { CloudEvent } from '@newscience/event-contracts/envelope';
import type { TopicPolicy } from '@newscience/event-contracts/topics';
import { withTransaction } from '@newscience/service-kit/postgres';
import type pg from 'pg';

import { BusError, MAX_BATCH_BYTES, type TopicPartition } from '../bus.ts';
import { assertSize, partitionOf, place } from '../placement.ts';

export type Entry = { readonly position: bigint; readonly json: string };

/** Anything that runs statements: the pool, or one client within a transaction. */
export type Queryable = Pick<pg.Pool, 'query'>;

/** One call of `append_events` takes this many events or bytes, so that no statement grows without bound. */
const MOST_EVENTS = 2000;
const MOST_BYTES = 8 * 1024 * 1024;

/** How many partitions each topic has; asked for once, because it never changes. */
export type PartitionCounts = (db: Queryable, topic: string) => Promise<number>;

/** @throws BusError `topic_unknown` */
export function createPartitionCounts(): PartitionCounts {
  const known = new Map<string, number>();
  return async (db, topic) => {
    const cached = known.get(topic);
    if (cached !== undefined) return cached;
    const { rows } = await db.query<{ partitions: number }>(
      'SELECT partitions FROM topic WHERE topic = $1',
      [topic],
    );
    const [row] = rows;
    if (row === undefined)
      throw new BusError('topic_unknown', `The topic ${topic} is not declared on this bus.`);
    known.set(topic, row.partitions);
    return row.partitions;
  };
}

export async function declareTopics(
  pool: pg.Pool,
  policies: readonly TopicPolicy[],
): Promise<void> {
  // In one order, so that services that start together cannot deadlock.
  const sorted = [...policies].sort((a, b) => (a.topic < b.topic ? -1 : 1));
  await withTransaction(pool, async (client) => {
    for (const policy of sorted) await declareTopic(client, policy);
  });
}

async function declareTopic(client: Queryable, policy: TopicPolicy): Promise<void> {
  const { topic, partitions, retention } = policy;
  const days = retention.kind === 'time' ? retention.days : retention.historyDays;
  const { rows } = await client.query<{ partitions: number }>(
    `INSERT INTO topic (topic, partitions, retention, retention_days) VALUES ($1, $2, $3, $4)
     ON CONFLICT (topic) DO UPDATE SET retention = excluded.retention, retention_days = excluded.retention_days
     RETURNING partitions`,
    [topic, partitions, retention.kind, days],
  );
  const there = rows[0]?.partitions ?? partitions;
  if (there !== partitions)
    throw new BusError(
      'partitions_fixed',
      `The topic ${topic} has ${there} partitions and cannot get ${partitions}: keys would change their partition and lose their order. Declare ${there}, or a new topic.`,
    );
  await client.query(
    `INSERT INTO topic_partition (topic, partition) SELECT $1, generate_series(0, $2::integer - 1)
     ON CONFLICT DO NOTHING`,
    [topic, partitions],
  );
}

/** Appends events in their order. Each chunk is one transaction, unless `db` is in one already. */
export async function append(
  db: Queryable,
  counts: PartitionCounts,
  events: readonly CloudEvent[],
): Promise<void> {
  const rows: [string, number, string, string, string][] = [];
  for (const candidate of events) {
    const { topic, event } = place(candidate);
    const json = JSON.stringify(event);
    assertSize(event, json);
    const partition = partitionOf(event.subject, await counts(db, topic));
    rows.push([topic, partition, event.subject, event.type, json]);
  }
  for (const chunk of chunks(rows, ([, , , , json]) => json.length)) {
    await db.query('SELECT append_events($1, $2, $3, $4, $5)', [
      lines(chunk.map(([topic]) => topic)),
      chunk.map(([, partition]) => partition),
      lines(chunk.map(([, , key]) => key)),
      lines(chunk.map(([, , , type]) => type)),
      lines(chunk.map(([, , , , json]) => json)),
    ]);
  }
}

/** None of them has a line end: the attributes were checked for that, and in JSON it is an escape. */
const lines = (texts: readonly string[]): string => texts.join('\n');

function chunks<T>(items: readonly T[], sizeOf: (item: T) => number): T[][] {
  const found: T[][] = [];
  let [chunk, size]: [T[], number] = [[], 0];
  for (const item of items) {
    if (chunk.length === MOST_EVENTS || (chunk.length > 0 && size + sizeOf(item) > MOST_BYTES)) {
      found.push(chunk);
      [chunk, size] = [[], 0];
    }
    chunk.push(item);
    size += sizeOf(item);
  }
  if (chunk.length > 0) found.push(chunk);
  return found;
}

/** The next events of a partition: `most` at most, and no more once they pass 4 MiB. */
export async function read(
  db: Queryable,
  { topic, partition }: TopicPartition,
  from: bigint,
  most: number,
): Promise<Entry[]> {
  const { rows } = await db.query<{ position: string; event: string }>(
    `SELECT position, event FROM (
       SELECT position, event,
              sum(octet_length(event)) OVER (ORDER BY position) - octet_length(event) AS before
         FROM (SELECT position, event FROM event_log
                WHERE topic = $1 AND partition = $2 AND position >= $3
                ORDER BY position LIMIT $4) AS next
     ) AS sized WHERE before < $5 ORDER BY position`,
    [topic, partition, from, most, MAX_BATCH_BYTES],
  );
  return rows.map(({ position, event }) => ({ position: BigInt(position), json: event }));
}
