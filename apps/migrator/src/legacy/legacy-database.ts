import { legacyTables } from '@newscience/anti-corruption-layer/legacy-tables';
import type pg from 'pg';
import { z } from 'zod';

import type { Slot } from '../domain/capture-plan.ts';
import { parseLsn, type Lsn } from '../domain/lsn.ts';
import type { FoundSchema } from '../domain/schema-fit.ts';

const lsn = z.string().transform(parseLsn);
const slotRow = z.object({
  database: z.string(),
  plugin: z.string(),
  lost: z.boolean(),
  confirmed: lsn.nullable(),
  active_pid: z.number().nullable(),
});

const selectSlot = `
SELECT database, plugin, wal_status = 'lost' AS lost, confirmed_flush_lsn AS confirmed, active_pid
FROM pg_replication_slots WHERE slot_name = $1`;

export async function readSlot(db: pg.Pool, slot: string): Promise<Slot | null> {
  const { rows } = await db.query(selectSlot, [slot]);
  return rows.length === 0 ? null : slotRow.parse(rows[0]);
}

/**
 * Frees the slot of a reader that is not there any more, or has lost its right to be: an owner that was frozen, or
 * whose host went away without a word.
 */
export async function endOtherReader(db: pg.Pool, slot: string): Promise<void> {
  await db.query(
    'SELECT pg_terminate_backend(active_pid, 2000) FROM pg_replication_slots WHERE slot_name = $1 AND active_pid IS NOT NULL',
    [slot],
  );
}

export async function dropSlot(db: pg.Pool, slot: string): Promise<void> {
  await endOtherReader(db, slot);
  await db.query(
    'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND database = current_database()',
    [slot],
  );
}

export type LogStanding = {
  /** End of the log, and how much of it the slot holds back, bytes. */
  readonly end: Lsn;
  readonly heldBackBytes: number | null;
  /** How much more may be written before the slot is lost, bytes; null: without limit. */
  readonly safeBytes: number | null;
  readonly slotLost: boolean;
};

const standingRow = z.object({
  end: lsn,
  held_back: z.coerce.number().nullable(),
  safe: z.coerce.number().nullable(),
  lost: z.boolean().nullable(),
});

const selectStanding = `
SELECT pg_current_wal_lsn() AS end, s.safe_wal_size AS safe, s.wal_status = 'lost' AS lost,
  pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn) AS held_back
FROM (SELECT 1) AS one LEFT JOIN pg_replication_slots s ON s.slot_name = $1`;

export async function readLogStanding(db: pg.Pool, slot: string): Promise<LogStanding> {
  const row = standingRow.parse((await db.query(selectStanding, [slot])).rows[0]);
  return {
    end: row.end,
    heldBackBytes: row.held_back,
    safeBytes: row.safe,
    slotLost: row.lost ?? true,
  };
}

export const HEARTBEAT_PREFIX = 'newscience-capture-heartbeat';

/** Leaves a mark in the log, so that an idle database lets the slot go forward. Changes no table. */
export async function writeHeartbeat(db: pg.Pool, text: string): Promise<void> {
  await db.query('SELECT pg_logical_emit_message(false, $1, $2)', [HEARTBEAT_PREFIX, text]);
}

const column = z.object({ name: z.string(), type: z.string() });
const tableRow = z.object({
  name: z.string(),
  identity: z.string(),
  primary_key: z.array(z.string()),
  columns: z.array(column),
  published: z.array(z.string()).nullable(),
  readable: z.array(z.string()),
});

const selectTables = `
SELECT c.relname AS name, c.relreplident AS identity,
  coalesce((SELECT jsonb_agg(a.attname) FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
    WHERE i.indrelid = c.oid AND i.indisprimary), '[]') AS primary_key,
  jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, NULL)) ORDER BY a.attnum) AS columns,
  (SELECT to_jsonb(p.attnames) FROM pg_publication_tables p
    WHERE p.pubname = $1 AND p.schemaname = 'public' AND p.tablename = c.relname) AS published,
  coalesce(jsonb_agg(a.attname) FILTER (WHERE has_column_privilege(c.oid, a.attnum, 'SELECT')), '[]') AS readable
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname = ANY ($2)
GROUP BY c.oid, c.relname, c.relreplident`;

const selectPublication = `
SELECT pubinsert, pubupdate, pubdelete, pubtruncate,
  coalesce((SELECT jsonb_agg(tablename) FROM pg_publication_tables t WHERE t.pubname = p.pubname AND rowfilter IS NOT NULL), '[]') AS filtered
FROM pg_publication p WHERE pubname = $1`;

const publicationRow = z.object({
  pubinsert: z.boolean(),
  pubupdate: z.boolean(),
  pubdelete: z.boolean(),
  pubtruncate: z.boolean(),
  filtered: z.array(z.string()),
});

/** What the captured tables look like now, to the role that asks. */
export async function readSchema(
  db: Pick<pg.Pool, 'query'>,
  publication: string,
): Promise<FoundSchema> {
  const names = legacyTables.map(({ name }) => name);
  const tables = z.array(tableRow).parse((await db.query(selectTables, [publication, names])).rows);
  const { rows } = await db.query(selectPublication, [publication]);
  return {
    publication: rows.length === 0 ? null : operationsOf(publicationRow.parse(rows[0])),
    tables: tables.map((row) => ({
      name: row.name,
      replicaIdentity: row.identity,
      primaryKey: row.primary_key,
      columns: row.columns,
      published: row.published,
      readable: row.readable,
    })),
  };
}

function operationsOf(row: z.output<typeof publicationRow>) {
  const operations = [
    row.pubinsert ? 'insert' : '',
    row.pubupdate ? 'update' : '',
    row.pubdelete ? 'delete' : '',
    row.pubtruncate ? 'truncate' : '',
  ].filter((operation) => operation !== '');
  return { operations, filtered: row.filtered };
}
