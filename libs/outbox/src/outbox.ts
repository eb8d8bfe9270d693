import { MAX_EVENT_BYTES } from '@newscience/event-bus/bus';
import type { CloudEvent } from '@newscience/event-contracts/envelope';
import { parseEvent } from '@newscience/event-contracts/registry';
import { currentTraceparent } from '@newscience/service-kit/tracing';
import type pg from 'pg';

import { keySlot, outboxPartition } from './domain/key-hash.ts';
import { OUTBOX_CHANNEL, OUTBOX_KEY_LOCK } from './lock-classes.ts';

/** An event that must not be appended: a mistake in the program, so the transaction had better fail. */
export class EventRefused extends Error {
  readonly code: 'event_invalid' | 'event_too_large';

  constructor(code: EventRefused['code'], detail: string) {
    super(detail);
    this.name = 'EventRefused';
    this.code = code;
  }
}

const lockKeys = 'SELECT pg_advisory_xact_lock($1, slot) FROM unnest($2::int[]) AS slot';

const insertAndNotify = `
WITH appended AS (
  INSERT INTO outbox (partition, key, event, event_bytes)
  SELECT partition, key, event::json, octet_length(event)
  FROM unnest($1::smallint[], $2::text[], $3::text[])
    WITH ORDINALITY AS given (partition, key, event, place)
  ORDER BY place
)
SELECT pg_notify($4, '')`;

/**
 * Writes events in the transaction that is open on `client`: they are published if and when it commits, in this
 * order per subject. Event and state stand or fall together.
 *
 * The subjects are locked until the transaction ends, so that the order of their events is the order of the
 * commits. Append last, right before the commit: others who write events of the same subject wait meanwhile.
 * Events without `traceparent` get that of the work that is going on.
 *
 * @param client one on which `BEGIN` was sent (`withTransaction` does); without a transaction each event
 *   would be published whatever happens to the state
 * @throws EventRefused for an event that breaks its contract or has more than 4 MiB; nothing was written
 */
export async function append(
  client: Pick<pg.ClientBase, 'query'>,
  events: readonly CloudEvent[],
): Promise<void> {
  if (events.length === 0) return;
  const traceparent = currentTraceparent();
  const checked = events.map((event) => check(event, traceparent));
  const keys = checked.map(({ key }) => key);
  // In one order for everyone, or two transactions could wait for each other.
  const slots = [...new Set(keys.map(keySlot))].sort((a, b) => a - b);
  await client.query(lockKeys, [OUTBOX_KEY_LOCK, slots]);
  await client.query(insertAndNotify, [
    keys.map(outboxPartition),
    keys,
    checked.map(({ json }) => json),
    OUTBOX_CHANNEL,
  ]);
}

function check(
  event: CloudEvent,
  traceparent: string | undefined,
): { readonly key: string; readonly json: string } {
  const traced =
    event.traceparent === undefined && traceparent !== undefined
      ? { ...event, traceparent }
      : event;
  const parsed = parseEvent(traced);
  if (!parsed.ok) throw new EventRefused('event_invalid', parsed.error.detail);
  const json = JSON.stringify(parsed.value);
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_EVENT_BYTES)
    throw new EventRefused(
      'event_too_large',
      `The event ${event.id} has ${bytes} bytes; ${MAX_EVENT_BYTES} are allowed.`,
    );
  return { key: parsed.value.subject, json };
}
