import type { CloudEvent } from '@newscience/event-contracts/envelope';
import { withTransaction } from '@newscience/service-kit/postgres';
import { err, ok, type Result } from '@newscience/service-kit/result';
import type pg from 'pg';

import { lockPartition } from './waiting-events.ts';

export type DeadLetter = {
  readonly id: string;
  readonly consumer: string;
  readonly topic: string;
  readonly partition: number;
  readonly position: string;
  readonly key: string;
  readonly event: CloudEvent;
  readonly attempts: number;
  /** The error of the last attempt. */
  readonly cause: string;
  readonly firstFailedAt: Date;
  readonly lastFailedAt: Date;
};

/** Who does something about a dead letter. */
export type Actor = { readonly id: string; readonly name: string };

export type DeadLetterAction = {
  readonly id: string;
  readonly at: Date;
  readonly action: 'replayed' | 'discarded';
  readonly actor: Actor;
  readonly why: string | null;
  readonly deadLetterId: string;
  /** As it was. */
  readonly deadLetter: unknown;
};

export type DeadLetterError = {
  readonly code: 'dead_letter_not_found' | 'reason_invalid';
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

const columns = `id, consumer, topic, partition, position, key, event, attempts, cause,
  first_failed_at AS "firstFailedAt", last_failed_at AS "lastFailedAt"`;

/** Of all consumers of this database or of one, the latest first. */
export async function listDeadLetters(
  pool: pg.Pool,
  { consumer, limit = 50, before }: Page & { readonly consumer?: string } = {},
): Promise<readonly DeadLetter[]> {
  const { rows } = await pool.query<DeadLetter>(
    `SELECT ${columns} FROM inbox_dead_letter
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
    `SELECT ${columns} FROM inbox_dead_letter WHERE id = $1`,
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
    `SELECT id, at, action, json_build_object('id', actor_id, 'name', actor_name) AS actor, why,
       dead_letter_id AS "deadLetterId", dead_letter AS "deadLetter"
     FROM audit.dead_letter_action WHERE ($1::bigint IS NULL OR id < $1) ORDER BY id DESC LIMIT $2`,
    [before, limit],
  );
  return rows;
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
      `SELECT ${columns} FROM inbox_dead_letter WHERE id = $1 FOR UPDATE`,
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
