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

/**
 * Within BEGIN a transaction is older than its statements; a statement on its own is its transaction. That holds for
 * the simple protocol, in which a statement has no parameters. The slots are numbers of our own.
 */
const lockSlots = (slots: readonly number[]): string => `
SELECT transaction_timestamp() <> statement_timestamp() AS begun,
  pg_advisory_xact_lock(${OUTBOX_KEY_LOCK}, slot)
FROM unnest('{${slots.join(',')}}'::int[]) AS slot`;

// Keys and events come as lines, which neither has in it: an array of texts takes three times as long, for its escapes.
const insertAndNotify = `
WITH appended AS (
  INSERT INTO outbox (partition, key, event, event_bytes)
  SELECT partition, key, event::json, octet_length(event)
  FROM unnest($1::smallint[], string_to_array($2, E'\\n'), string_to_array($3, E'\\n'))
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
 * @throws EventRefused for an event that breaks its contract or has more than 4 MiB; nothing was written
 * @throws Error where no transaction was begun on the client: the events would be published whatever became of
 *   the state
 */
export async function append(client: pg.ClientBase, events: readonly CloudEvent[]): Promise<void> {
  if (events.length === 0) return;
  const traceparent = currentTraceparent();
  const checked = events.map((event) => check(event, traceparent));
  const keys = checked.map(({ key }) => key);
  // In one order for everyone, or two transactions could wait for each other.
  const slots = [...new Set(keys.map(keySlot))].sort((a, b) => a - b);
  const locked = await client.query<{ begun: boolean }>(lockSlots(slots));
  if (locked.rows[0]?.begun !== true)
    throw new Error('append needs a transaction: send BEGIN first, or use withTransaction');
  await client.query(insertAndNotify, [
    keys.map(outboxPartition),
    keys.join('\n'),
    checked.map(({ json }) => json).join('\n'),
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
