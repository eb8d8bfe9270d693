import { withTransaction } from '@newscience/service-kit/postgres';
import type pg from 'pg';

import type { Lag, TopicPartition } from '../bus.ts';
import { assign, keyOf } from './assignment.ts';
import type { Queryable } from './event-log.ts';

export const GROUP_CHANNEL = 'event_bus_group';

/** A partition as its owner holds it. */
export type Hold = TopicPartition & { readonly generation: number };

/** What a member learns from its heartbeat. Partitions are named by `keyOf`. */
export type Pulse = {
  /** Its lease goes on for these; what it held and is not here is lost. */
  readonly renewed: ReadonlySet<string>;
  /** Newly its own, with where to go on. */
  readonly claimed: readonly (Hold & { readonly position: bigint })[];
  /** Its own still, to be handed over as soon as their batch is done. */
  readonly surplus: ReadonlySet<string>;
  readonly paused: ReadonlySet<string>;
  /** The end of each partition of the group: position of the next event to come. */
  readonly heads: ReadonlyMap<string, bigint>;
};

export type Heartbeat = {
  readonly group: string;
  readonly member: string;
  readonly topics: readonly string[];
  readonly holds: readonly Hold[];
  /** Partitions (by `keyOf`) in which a lost handler of this member is still at work. */
  readonly occupied: ReadonlySet<string>;
  readonly leaseMs: number;
};

type PartitionRow = {
  topic: string;
  partition: number;
  position: string;
  generation: number;
  owner: string | null;
  leased: boolean;
  paused: boolean;
  next_position: string;
};

/** Makes what a group needs that has never been here; one that is known keeps its places. */
export async function ensureGroup(
  pool: pg.Pool,
  group: string,
  topics: readonly string[],
  from: 'earliest' | 'latest',
): Promise<void> {
  await pool.query('INSERT INTO consumer_group (group_name) VALUES ($1) ON CONFLICT DO NOTHING', [
    group,
  ]);
  await pool.query(
    `INSERT INTO group_partition (group_name, topic, partition, position)
     SELECT $1, topic, partition, CASE WHEN $3 = 'earliest' THEN 0 ELSE next_position END
       FROM topic_partition WHERE topic = ANY ($2) ORDER BY topic, partition
     ON CONFLICT DO NOTHING`,
    [group, topics, from],
  );
}

/**
 * Says that a member lives, renews its leases, and claims what has become its share. All members of a
 * group do this one after the other, and each works out the same assignment from the same rows.
 */
export function heartbeat(pool: pg.Pool, beat: Heartbeat): Promise<Pulse> {
  const { group, member, topics, leaseMs } = beat;
  return withTransaction(pool, async (client) => {
    const groupPaused = await lockGroup(client, group);
    const { rows: seen } = await client.query<{ joined: boolean }>(
      `INSERT INTO group_member (group_name, member, topics, seen_at) VALUES ($1, $2, $3, clock_timestamp())
       ON CONFLICT (group_name, member) DO UPDATE SET seen_at = excluded.seen_at
       RETURNING xmax = 0 AS joined`,
      [group, member, topics],
    );
    await client.query(
      `DELETE FROM group_member WHERE group_name = $1 AND seen_at < clock_timestamp() - $2 * interval '1 ms'`,
      [group, leaseMs],
    );
    if (seen[0]?.joined === true) await announce(client, group);
    const { rows: members } = await client.query<{ id: string; topics: string[] }>(
      'SELECT member AS id, topics FROM group_member WHERE group_name = $1',
      [group],
    );
    const { rows } = await client.query<PartitionRow>(
      `SELECT g.topic, g.partition, g.position, g.generation, g.owner, p.next_position,
              EXISTS (SELECT FROM group_pause s WHERE s.group_name = $1 AND s.topic = g.topic
                         AND s.partition = g.partition) AS paused,
              coalesce(g.lease_until > clock_timestamp(), false) AS leased
         FROM group_partition g JOIN topic_partition p USING (topic, partition) WHERE g.group_name = $1`,
      [group],
    );
    const mine = new Map(beat.holds.map((hold) => [keyOf(hold), hold.generation]));
    const live = new Set(members.map(({ id }) => id));
    const holds = (row: PartitionRow): boolean =>
      row.owner === member && mine.get(keyOf(row)) === row.generation;
    const taken = (row: PartitionRow): boolean =>
      row.owner === member ? holds(row) : row.owner !== null && row.leased && live.has(row.owner);
    const desired = assign(
      members,
      rows.map((row) => ({
        topic: row.topic,
        partition: row.partition,
        owner: taken(row) ? row.owner : null,
      })),
    );
    const kept = rows.filter(holds);
    const claimable = rows.filter(
      (row) => desired.get(keyOf(row)) === member && !taken(row) && !beat.occupied.has(keyOf(row)),
    );
    await lease(client, beat, kept, false);
    await lease(client, beat, claimable, true);
    return {
      renewed: new Set(kept.map(keyOf)),
      claimed: claimable.map(({ topic, partition, generation, position }) => ({
        topic,
        partition,
        generation: generation + 1,
        position: BigInt(position),
      })),
      surplus: new Set(kept.map(keyOf).filter((key) => desired.get(key) !== member)),
      paused: new Set(rows.filter(({ paused }) => groupPaused || paused).map(keyOf)),
      heads: new Map(rows.map((row) => [keyOf(row), BigInt(row.next_position)])),
    };
  });
}

/** Whether the group is paused; from here to the end of the transaction nobody else changes the group. */
async function lockGroup(client: Queryable, group: string): Promise<boolean> {
  const { rows } = await client.query<{ paused: boolean }>(
    'SELECT paused FROM consumer_group WHERE group_name = $1 FOR UPDATE',
    [group],
  );
  return rows[0]?.paused ?? false;
}

async function lease(
  client: Queryable,
  { group, member, leaseMs }: Heartbeat,
  rows: readonly TopicPartition[],
  anew: boolean,
): Promise<void> {
  if (rows.length === 0) return;
  await client.query(
    `UPDATE group_partition g
        SET owner = $2, lease_until = clock_timestamp() + $3 * interval '1 ms', generation = generation + $4
       FROM unnest($5::text[], $6::integer[]) AS l (topic, partition)
      WHERE g.group_name = $1 AND g.topic = l.topic AND g.partition = l.partition`,
    [
      group,
      member,
      leaseMs,
      anew ? 1 : 0,
      rows.map(({ topic }) => topic),
      rows.map(({ partition }) => partition),
    ],
  );
}

const announce = (db: Queryable, group: string) =>
  db.query(`SELECT pg_notify('${GROUP_CHANNEL}', $1)`, [group]);

/** Gives one partition back, if it is still held, and tells the others. */
export async function release(
  pool: pg.Pool,
  group: string,
  member: string,
  { topic, partition, generation }: Hold,
): Promise<void> {
  await withTransaction(pool, async (client) => {
    await client.query(
      `UPDATE group_partition SET owner = NULL, lease_until = NULL
        WHERE group_name = $1 AND topic = $2 AND partition = $3 AND owner = $4 AND generation = $5`,
      [group, topic, partition, member, generation],
    );
    await announce(client, group);
  });
}

/** The member goes, and everything it holds is free at once. */
export async function leave(pool: pg.Pool, group: string, member: string): Promise<void> {
  await withTransaction(pool, async (client) => {
    await lockGroup(client, group);
    await client.query('DELETE FROM group_member WHERE group_name = $1 AND member = $2', [
      group,
      member,
    ]);
    await client.query(
      `UPDATE group_partition SET owner = NULL, lease_until = NULL WHERE group_name = $1 AND owner = $2`,
      [group, member],
    );
    await announce(client, group);
  });
}

/** Moves the group on to `next`, unless the partition has another owner by now: then false. */
export async function commit(
  db: Queryable,
  group: string,
  member: string,
  { topic, partition, generation }: Hold,
  next: bigint,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE group_partition SET position = greatest(position, $6)
      WHERE group_name = $1 AND topic = $2 AND partition = $3 AND owner = $4 AND generation = $5`,
    [group, topic, partition, member, generation, next],
  );
  return rowCount === 1;
}

export async function lag(db: Queryable, group: string): Promise<Lag[]> {
  const { rows } = await db.query<{ topic: string; partition: number; behind: string }>(
    `SELECT topic, partition, p.next_position - g.position AS behind
       FROM group_partition g JOIN topic_partition p USING (topic, partition)
      WHERE g.group_name = $1 ORDER BY topic, partition`,
    [group],
  );
  return rows.map((row) => ({ ...row, behind: BigInt(row.behind) }));
}

/** Pauses or resumes the whole group, or one partition of it. */
export async function setPaused(
  pool: pg.Pool,
  group: string,
  paused: boolean,
  at: TopicPartition | undefined,
): Promise<void> {
  await withTransaction(pool, async (client) => {
    await client.query(
      'INSERT INTO consumer_group (group_name) VALUES ($1) ON CONFLICT DO NOTHING',
      [group],
    );
    if (at === undefined)
      await client.query('UPDATE consumer_group SET paused = $2 WHERE group_name = $1', [
        group,
        paused,
      ]);
    else
      await client.query(
        paused
          ? 'INSERT INTO group_pause (group_name, topic, partition) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING'
          : 'DELETE FROM group_pause WHERE group_name = $1 AND topic = $2 AND partition = $3',
        [group, at.topic, at.partition],
      );
    await announce(client, group);
  });
}

/** False where the group has live members. */
export function seek(
  pool: pg.Pool,
  group: string,
  { topic, partition }: TopicPartition,
  to: bigint | 'earliest' | 'latest',
  leaseMs: number,
): Promise<boolean> {
  const position = typeof to === 'bigint' ? to : to === 'earliest' ? 0n : null;
  return withTransaction(pool, async (client) => {
    await client.query(
      'INSERT INTO consumer_group (group_name) VALUES ($1) ON CONFLICT DO NOTHING',
      [group],
    );
    await lockGroup(client, group);
    const { rows } = await client.query(
      `SELECT 1 FROM group_member
        WHERE group_name = $1 AND seen_at >= clock_timestamp() - $2 * interval '1 ms' LIMIT 1`,
      [group, leaseMs],
    );
    if (rows.length > 0) return false;
    await client.query(
      `INSERT INTO group_partition (group_name, topic, partition, position)
       SELECT $1, topic, partition, least(coalesce($4, next_position), next_position)
         FROM topic_partition WHERE topic = $2 AND partition = $3
       ON CONFLICT (group_name, topic, partition) DO UPDATE
         SET position = excluded.position, generation = group_partition.generation + 1`,
      [group, topic, partition, position],
    );
    return true;
  });
}
