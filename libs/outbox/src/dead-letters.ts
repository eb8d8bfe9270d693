import type { CloudEvent } from '@newscience/event-contracts/envelope';
import { withTransaction } from '@newscience/service-kit/postgres';
import { err, ok, type Result } from '@newscience/service-kit/result';
import type pg from 'pg';

import { lockPartition } from './waiting-events.ts';

/** A dead letter without its event, which may have megabytes. */
export type DeadLetterSummary<Time = Date> = {
  readonly id: string;
  readonly consumer: string;
  readonly topic: string;
  readonly partition: number;
  readonly position: string;
  readonly key: string;
  readonly eventId: string;
  readonly source: string;
  readonly type: string;
  readonly attempts: number;
  /** The error of the last attempt. */
  readonly cause: string;
  readonly firstFailedAt: Time;
  readonly lastFailedAt: Time;
};

export type DeadLetter<Time = Date> = DeadLetterSummary<Time> & { readonly event: CloudEvent };

/** Who does something about a dead letter. */
export type Actor = { readonly id: string; readonly name: string };

/** `L` is what is told of the dead letter as it was. */
export type DeadLetterAction<L = DeadLetterSummary<string>> = {
  readonly id: string;
  readonly at: Date;
  readonly action: 'replayed' | 'discarded';
  readonly actor: Actor;
  readonly why: string | null;
  readonly deadLetterId: string;
  readonly deadLetter: L;
};

export type WholeDeadLetterAction = DeadLetterAction<DeadLetter<string>>;

export type DeadLetterError = {
  readonly code: 'dead_letter_not_found' | 'dead_letter_action_not_found' | 'reason_invalid';
  readonly detail: string;
};

export type Page = {
  /** Default 50. */
  readonly limit?: number;
  /** Only those that came before the one with this id. */
  readonly before?: string;
};

const SHORTEST_WHY = 3;
const LONGEST_WHY = 500;

// The type is cut out of the text, where only id and source stand before it and quotes in them are escaped: the JSON
// operators refuse an event that has a U+0000 anywhere.
const summary = `id, consumer, topic, partition, position, key, event_id AS "eventId", source,
  split_part(split_part(event::text, '"type":"', 2), '"', 1) AS type, attempts, cause,
  first_failed_at AS "firstFailedAt", last_failed_at AS "lastFailedAt"`;
const whole = `${summary}, event`;

const deed = `id, at, action, json_build_object('id', actor_id, 'name', actor_name) AS actor, why,
  dead_letter_id AS "deadLetterId"`;
// The event is the last field of what is written down.
const withoutEvent = `(split_part(dead_letter::text, ',"event":{', 1) || '}')::json`;

/** Of all consumers of this database or of one, the latest first. */
export async function listDeadLetters(
  pool: pg.Pool,
  { consumer, limit = 50, before }: Page & { readonly consumer?: string } = {},
): Promise<readonly DeadLetterSummary[]> {
  const { rows } = await pool.query<DeadLetterSummary>(
    `SELECT ${summary} FROM inbox_dead_letter
     WHERE ($1::text IS NULL OR consumer = $1) AND ($2::bigint IS NULL OR id < $2)
     ORDER BY id DESC LIMIT $3`,
    [consumer, before, limit],
  );
  return rows;
}

export async function showDeadLetter(
  pool: pg.Pool,
  id: string,
): Promise<Result<DeadLetter, DeadLetterError>> {
  if (!isId(id)) return notFound(id);
  const { rows } = await pool.query<DeadLetter>(
    `SELECT ${whole} FROM inbox_dead_letter WHERE id = $1`,
    [id],
  );
  return rows[0] === undefined ? notFound(id) : ok(rows[0]);
}

const queueAgain = `
INSERT INTO inbox_waiting (consumer, topic, partition, position, key, source, event_id, event, next_attempt_at)
SELECT consumer, topic, partition, position, key, source, event_id, event,
  CASE WHEN EXISTS (
    SELECT 1 FROM inbox_waiting w WHERE w.consumer = d.consumer AND w.topic = d.topic AND w.key = d.key
  ) THEN NULL ELSE clock_timestamp() END
FROM inbox_dead_letter d WHERE id = $1`;

/**
 * Lets an event be tried anew, with all its attempts, behind what waits for its key by now. Later events of the key
 * have had their effects meanwhile: a handler that must not go back in time compares revisions.
 */
export function replayDeadLetter(
  pool: pg.Pool,
  id: string,
  { actor, why }: { readonly actor: Actor; readonly why?: string },
): Promise<Result<DeadLetter, DeadLetterError>> {
  return take(pool, id, { action: 'replayed', actor, why }, async (client) => {
    await client.query(queueAgain, [id]);
  });
}

const settle = `
INSERT INTO inbox (consumer, source, event_id)
SELECT consumer, source, event_id FROM inbox_dead_letter WHERE id = $1
ON CONFLICT DO NOTHING`;

/**
 * Gives an event up: it counts as handled. The event stays in the audit log.
 *
 * @param discard `why` has 3 to 500 characters
 */
export function discardDeadLetter(
  pool: pg.Pool,
  id: string,
  { actor, why }: { readonly actor: Actor; readonly why: string },
): Promise<Result<DeadLetter, DeadLetterError>> {
  return take(pool, id, { action: 'discarded', actor, why }, async (client) => {
    await client.query(settle, [id]);
  });
}

/** What was done about dead letters, the latest first. */
export async function listDeadLetterActions(
  pool: pg.Pool,
  { limit = 50, before }: Page = {},
): Promise<readonly DeadLetterAction[]> {
  const { rows } = await pool.query<DeadLetterAction>(
    `SELECT ${deed}, ${withoutEvent} AS "deadLetter" FROM audit.dead_letter_action
     WHERE ($1::bigint IS NULL OR id < $1) ORDER BY id DESC LIMIT $2`,
    [before, limit],
  );
  return rows;
}

/** One entry of the audit log with the event. */
export async function showDeadLetterAction(
  pool: pg.Pool,
  id: string,
): Promise<Result<WholeDeadLetterAction, DeadLetterError>> {
  const { rows } = await pool.query<WholeDeadLetterAction>(
    `SELECT ${deed}, dead_letter AS "deadLetter" FROM audit.dead_letter_action WHERE id = $1`,
    [isId(id) ? id : null],
  );
  const [found] = rows;
  if (found !== undefined) return ok(found);
  const detail = `The audit log has no entry ${id.slice(0, 40)}.`;
  return err({ code: 'dead_letter_action_not_found', detail });
}

type Deed = {
  readonly action: DeadLetterAction['action'];
  readonly actor: Actor;
  readonly why: string | undefined;
};

async function take(
  pool: pg.Pool,
  id: string,
  { action, actor, why }: Deed,
  deed: (client: pg.PoolClient) => Promise<void>,
): Promise<Result<DeadLetter, DeadLetterError>> {
  const reason = why?.trim();
  if (reason !== undefined && (reason.length < SHORTEST_WHY || reason.length > LONGEST_WHY))
    return err({
      code: 'reason_invalid',
      detail: `A reason has ${SHORTEST_WHY} to ${LONGEST_WHY} characters, this one has ${reason.length}.`,
    });
  if (!isId(id)) return notFound(id);
  return withTransaction(pool, async (client) => {
    const { rows } = await client.query<DeadLetter>(
      `SELECT ${whole} FROM inbox_dead_letter WHERE id = $1 FOR UPDATE`,
      [id],
    );
    const [letter] = rows;
    if (letter === undefined) return notFound(id);
    await lockPartition(client, letter);
    await deed(client);
    await client.query('DELETE FROM inbox_dead_letter WHERE id = $1', [id]);
    await client.query(
      `INSERT INTO audit.dead_letter_action (action, actor_id, actor_name, why, dead_letter_id, dead_letter)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [action, actor.id, actor.name, reason, id, JSON.stringify(letter)],
    );
    return ok(letter);
  });
}

const isId = (id: string): boolean => /^[1-9]\d{0,17}$/.test(id);

const notFound = (id: string) =>
  err({
    code: 'dead_letter_not_found' as const,
    detail: `There is no dead letter ${id.slice(0, 40)}: it was replayed or discarded, or never was.`,
  });
