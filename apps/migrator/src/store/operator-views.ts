import { withTransaction } from '@newscience/service-kit/postgres';
import type pg from 'pg';
import { z } from 'zod';

import { recordAction, requireSnapshot } from './capture-progress.ts';

const iso = z.date().transform((date) => date.toISOString());
const rejectedRow = z
  .object({
    kind: z.enum(['article', 'comment', 'user']),
    legacy_key: z.string(),
    subject: z.string().nullable(),
    code: z.enum(['row_unreadable', 'reference_missing', 'event_refused']),
    detail: z.string(),
    faults: z.array(z.object({ column: z.string(), problem: z.string() })),
    first_at: iso,
    last_at: iso,
    place: z.string(),
  })
  .transform(({ legacy_key: legacyKey, first_at: firstAt, last_at: lastAt, ...row }) => ({
    ...row,
    legacyKey,
    firstAt,
    lastAt,
  }));

export type RejectedRow = z.output<typeof rejectedRow>;

const selectRejected = `
SELECT kind, legacy_key, subject, code, detail, faults, first_at, last_at, kind || '/' || legacy_key AS place
FROM rejected WHERE kind || '/' || legacy_key > $1 ORDER BY kind || '/' || legacy_key LIMIT $2`;

/** In the order of kind and key, after `place`. */
export async function selectRejectedRows(
  pool: pg.Pool,
  place: string,
  limit: number,
): Promise<RejectedRow[]> {
  return z.array(rejectedRow).parse((await pool.query(selectRejected, [place, limit])).rows);
}

export async function countRejected(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM rejected',
  );
  return rows[0]?.count ?? 0;
}

const actionRow = z
  .object({
    id: z.string(),
    at: iso,
    action: z.enum(['resnapshot_requested', 'snapshot_begun', 'snapshot_completed', 'stopped']),
    actor_id: z.string(),
    actor_name: z.string(),
    why: z.string(),
  })
  .transform(({ actor_id: id, actor_name: name, ...row }) => ({ ...row, actor: { id, name } }));

/** Newest first, before the one with the id `before`. */
export async function selectActions(pool: pg.Pool, before: string | null, limit: number) {
  const { rows } = await pool.query(
    `SELECT id, at, action, actor_id, actor_name, why FROM audit.capture_action
     WHERE $1::bigint IS NULL OR id < $1 ORDER BY id DESC LIMIT $2`,
    [before, limit],
  );
  return z.array(actionRow).parse(rows);
}

/** False where a snapshot is under way or due already. */
export function askForSnapshot(
  pool: pg.Pool,
  actor: { readonly id: string; readonly name: string },
  why: string,
): Promise<boolean> {
  return withTransaction(pool, async (client) => {
    const { rowCount } = await client.query(
      'SELECT 1 FROM capture WHERE snapshot_due IS NULL AND position IS NOT NULL FOR UPDATE',
    );
    if (rowCount === 0) return false;
    await requireSnapshot(client, `${actor.name} asked for it: ${why}`);
    await recordAction(client, { action: 'resnapshot_requested', actor, why });
    return true;
  });
}
