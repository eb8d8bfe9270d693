import type pg from 'pg';
import { z } from 'zod';

import type { Remembered } from '../domain/capture-plan.ts';
import { formatLsn, parseLsn, type Lsn } from '../domain/lsn.ts';

type Db = Pick<pg.ClientBase, 'query'>;

export type Progress = Remembered & { readonly epoch: number | null; readonly lastEpoch: number };

const lsn = z.string().transform(parseLsn);
const progressRow = z.object({
  epoch: z.number().nullable(),
  last_epoch: z.number(),
  position: lsn.nullable(),
  system_id: z.string().nullable(),
  snapshot_due: z.string().nullable(),
});

export async function readProgress(db: Db): Promise<Progress> {
  const { rows } = await db.query(
    'SELECT epoch, last_epoch, position, system_id, snapshot_due FROM capture',
  );
  const row = progressRow.parse(rows[0]);
  return {
    epoch: row.epoch,
    lastEpoch: row.last_epoch,
    position: row.position,
    systemId: row.system_id,
    snapshotDue: row.snapshot_due,
  };
}

/** Everything before `position` is in the mirror and in the outbox. `committedAt`: of the last legacy transaction. */
export async function savePosition(
  db: Db,
  position: Lsn,
  committedAt: string | null,
): Promise<void> {
  await db.query(
    'UPDATE capture SET position = $1, committed_at = coalesce($2, committed_at) WHERE position < $1',
    [formatLsn(position), committedAt],
  );
}

/** The number for the rows of a snapshot that begins now. */
export async function nextEpoch(db: Db): Promise<number> {
  const { rows } = await db.query<{ epoch: number }>(
    'UPDATE capture SET last_epoch = last_epoch + 1 RETURNING last_epoch AS epoch',
  );
  return z.number().parse(rows[0]?.epoch);
}

/** A snapshot is complete: from here on its rows count. */
export async function completeSnapshot(
  db: Db,
  { epoch, position, systemId }: { epoch: number; position: Lsn; systemId: string },
): Promise<void> {
  await db.query(
    'UPDATE capture SET epoch = $1, position = $2, system_id = $3, snapshot_due = NULL',
    [epoch, formatLsn(position), systemId],
  );
}

/** Whatever happens next, a fresh snapshot comes before it. The reason that was given first stays. */
export async function requireSnapshot(db: Db, why: string): Promise<void> {
  await db.query('UPDATE capture SET snapshot_due = coalesce(snapshot_due, $1)', [why]);
}

/** Sequence numbers of the outbox as text: its newest event ever seen by this transaction, and its oldest now. */
export async function outboxBounds(
  db: Db,
): Promise<{ newest: bigint | null; oldest: bigint | null }> {
  const { rows } = await db.query<{ newest: string | null; oldest: string | null }>(
    'SELECT max(sequence)::text AS newest, min(sequence)::text AS oldest FROM outbox',
  );
  const [row] = rows;
  return { newest: toBigInt(row?.newest), oldest: toBigInt(row?.oldest) };
}

const toBigInt = (text: string | null | undefined): bigint | null =>
  text === null || text === undefined ? null : BigInt(text);

export type Action = {
  readonly action: 'resnapshot_requested' | 'snapshot_begun' | 'snapshot_completed' | 'stopped';
  readonly actor: { readonly id: string; readonly name: string };
  readonly why: string;
};

export const MIGRATOR = { id: 'migrator', name: 'migrator' } as const;

export async function recordAction(db: Db, { action, actor, why }: Action): Promise<void> {
  await db.query(
    'INSERT INTO audit.capture_action (action, actor_id, actor_name, why) VALUES ($1, $2, $3, $4)',
    [action, actor.id, actor.name, why],
  );
}

const sign = `
UPDATE capture_owner SET seen_at = clock_timestamp(), doing = $2 WHERE generation = $1
RETURNING (SELECT snapshot_due FROM capture) AS snapshot_due`;

/** The owner lives. Says why a fresh snapshot is due, or that another owner has come. */
export async function signOfLife(
  db: Db,
  generation: string,
  doing: string,
): Promise<{ readonly fenced: boolean; readonly snapshotDue: string | null }> {
  const { rows } = await db.query<{ snapshot_due: string | null }>(sign, [generation, doing]);
  return { fenced: rows.length === 0, snapshotDue: rows[0]?.snapshot_due ?? null };
}

const ownerRow = z.object({
  name: z.string().nullable(),
  doing: z.string().nullable(),
  seen_at: z.date().nullable(),
});

export async function readOwner(db: Db) {
  const { rows } = await db.query('SELECT name, doing, seen_at FROM capture_owner');
  const { name, doing, seen_at: seenAt } = ownerRow.parse(rows[0]);
  return { name, doing, seenAt: seenAt?.toISOString() ?? null };
}
