import type { Delivery } from '@newscience/event-bus/bus';
import type { CloudEvent } from '@newscience/event-contracts/envelope';
import type pg from 'pg';

import type { AfterFailure } from './domain/failure.ts';
import type { Held } from './domain/intake.ts';
import { lockNumber } from './domain/key-hash.ts';
import { eventName } from './inbox.ts';
import { INBOX_PARTITION_LOCK } from './lock-classes.ts';

type Queryable = Pick<pg.ClientBase, 'query'>;

/** Where an event stands in a consumer's work. */
export type Place = {
  readonly consumer: string;
  readonly topic: string;
  readonly partition: number;
};

/** The first waiting event of a key. */
export type WaitingEvent = Place & {
  readonly sequence: string;
  readonly position: string;
  readonly key: string;
  readonly attempts: number;
  readonly event: CloudEvent;
};

/**
 * One transaction at a time works on a partition of a consumer: a member that has lost the partition without
 * knowing it cannot come between the new one and its retries.
 */
export async function lockPartition(client: Queryable, place: Place): Promise<void> {
  const name = JSON.stringify([place.consumer, place.topic, place.partition]);
  await client.query('SELECT pg_advisory_xact_lock($1, $2)', [
    INBOX_PARTITION_LOCK,
    lockNumber(name),
  ]);
}

const findHeldIds = `
SELECT source, event_id AS id FROM inbox_waiting
WHERE consumer = $1 AND (source, event_id) IN (SELECT * FROM unnest($2::text[], $3::text[]))
UNION ALL
SELECT source, event_id FROM inbox_dead_letter
WHERE consumer = $1 AND (source, event_id) IN (SELECT * FROM unnest($2::text[], $3::text[]))`;

const findBlockedKeys = `
SELECT DISTINCT key FROM inbox_waiting WHERE consumer = $1 AND topic = $2 AND key = ANY ($3::text[])`;

/** What is held of these events and their keys. Call it with the partition locked. */
export async function findHeld(
  client: Queryable,
  { consumer, topic }: Place,
  events: readonly CloudEvent[],
): Promise<Held> {
  const { rows: blocked } = await client.query<{ key: string }>(findBlockedKeys, [
    consumer,
    topic,
    [...new Set(events.map(({ subject }) => subject))],
  ]);
  const { rows: held } = await client.query<{ source: string; id: string }>(findHeldIds, [
    consumer,
    events.map(({ source }) => source),
    events.map(({ id }) => id),
  ]);
  return {
    ids: new Set(held.map(eventName)),
    blockedKeys: new Set(blocked.map(({ key }) => key)),
  };
}

const insertWaiting = `
INSERT INTO inbox_waiting (consumer, topic, partition, position, key, source, event_id, event)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
RETURNING sequence`;

/** Puts an event at the end of its key's queue. As long as no attempt is set for the first one, nothing moves. */
export async function addWaiting(
  client: Queryable,
  consumer: string,
  delivery: Delivery,
): Promise<WaitingEvent> {
  const { topic, partition, event } = delivery;
  const position = String(delivery.position);
  const { rows } = await client.query<{ sequence: string }>(insertWaiting, [
    ...[consumer, topic, partition, position, event.subject],
    ...[event.source, event.id, JSON.stringify(event)],
  ]);
  const sequence = rows[0]?.sequence ?? '';
  return {
    ...{ consumer, topic, partition, position, sequence, event },
    ...{ key: event.subject, attempts: 0 },
  };
}

const selectDue = `
SELECT sequence, consumer, topic, partition, position, key, attempts, event FROM inbox_waiting
WHERE consumer = $1 AND next_attempt_at <= clock_timestamp()
ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED`;

/** The event whose next attempt is the most overdue, unless another member is at it. */
export async function takeDue(
  client: Queryable,
  consumer: string,
): Promise<WaitingEvent | undefined> {
  const { rows } = await client.query<WaitingEvent>(selectDue, [consumer]);
  return rows[0];
}

const deleteWaiting = 'DELETE FROM inbox_waiting WHERE sequence = $1';

const promoteNext = `
UPDATE inbox_waiting SET next_attempt_at = clock_timestamp()
WHERE sequence = (
  SELECT sequence FROM inbox_waiting WHERE consumer = $1 AND topic = $2 AND key = $3
  ORDER BY sequence LIMIT 1
)`;

/** Takes the first event of a key out of the queue; the next one is due at once. */
export async function removeFirst(client: Queryable, first: WaitingEvent): Promise<void> {
  await client.query(deleteWaiting, [first.sequence]);
  await client.query(promoteNext, [first.consumer, first.topic, first.key]);
}

const noteFailure = `
UPDATE inbox_waiting SET attempts = $2, cause = $3, last_failed_at = clock_timestamp(),
  first_failed_at = coalesce(first_failed_at, clock_timestamp()),
  next_attempt_at = CASE WHEN $4::float8 IS NULL THEN next_attempt_at
    ELSE clock_timestamp() + make_interval(secs => $4::float8 / 1000) END
WHERE sequence = $1 AND attempts = $2 - 1`;

const copyToDead = `
INSERT INTO inbox_dead_letter (consumer, topic, partition, position, key, source, event_id, event, attempts, first_failed_at, last_failed_at, cause)
SELECT consumer, topic, partition, position, key, source, event_id, event, attempts, first_failed_at, last_failed_at, cause
FROM inbox_waiting WHERE sequence = $1`;

/** Writes down that the first event of a key has failed once more, and what follows from it. */
export async function recordFailure(
  client: Queryable,
  first: WaitingEvent,
  { cause, then }: { readonly cause: string; readonly then: AfterFailure },
): Promise<void> {
  const inMs = then.kind === 'retry' ? then.inMs : null;
  const { rowCount } = await client.query(noteFailure, [
    ...[first.sequence, first.attempts + 1, cause, inMs],
  ]);
  // Another member has dealt with it.
  if (rowCount === 0 || then.kind === 'retry') return;
  await client.query(copyToDead, [first.sequence]);
  await removeFirst(client, first);
}

const nextDue = `
SELECT (extract(epoch FROM min(next_attempt_at) - clock_timestamp()) * 1000)::float8 AS ms
FROM inbox_waiting WHERE consumer = $1 AND next_attempt_at IS NOT NULL`;

/** Milliseconds until the next attempt; undefined while nothing waits. */
export async function untilNextDue(
  client: Queryable,
  consumer: string,
): Promise<number | undefined> {
  const { rows } = await client.query<{ ms: number | null }>(nextDue, [consumer]);
  return rows[0]?.ms ?? undefined;
}
