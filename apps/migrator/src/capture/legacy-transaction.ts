import type { LegacyTable } from '@newscience/anti-corruption-layer/legacy-tables';
import type pg from 'pg';

import { createChanges, type Row, type RowChange } from '../domain/changes.ts';
import type { Lsn } from '../domain/lsn.ts';
import { outboxBounds, savePosition } from '../store/capture-progress.ts';
import type { CaptureSession } from '../store/capture-session.ts';
import { applyChanges, keyOf, moveRow } from '../store/mirror.ts';
import type { Decoded } from '../legacy/pgoutput.ts';
import { occasionOf, tell } from './tell.ts';
import { aggregateOf, createTouched } from './touched.ts';

export type LegacyTransaction = {
  /** Takes a change. What is more than a megabyte goes into the mirror at once, in the one local transaction. */
  readonly change: (message: Decoded) => Promise<void>;
  /** Commits mirror, events and position together, if there was anything to capture. */
  readonly commit: (end: Lsn) => Promise<Committed>;
  readonly rollback: () => Promise<void>;
  readonly committedAt: string;
};

export type Committed = {
  readonly rows: number;
  readonly types: readonly string[];
  /** Newest event in the outbox; null where nothing was captured, or nothing waits. */
  readonly newest: bigint | null;
};

export type TransactionOptions = {
  readonly session: CaptureSession;
  readonly tables: ReadonlyMap<string, LegacyTable>;
  readonly epoch: number;
  readonly systemId: string;
  readonly committedAt: string;
};

const MOST_BYTES = 1024 * 1024;
const MOST_ROWS = 1000;

/** One legacy transaction on its way into one local transaction. Memory is bounded, however large it is. */
export function createLegacyTransaction(options: TransactionOptions): LegacyTransaction {
  const { session, tables, epoch, committedAt } = options;
  const changes = createChanges();
  const touched = createTouched();
  let client: pg.Client | undefined;
  let rows = 0;

  const open = async (): Promise<pg.Client> => (client ??= await session.begin());

  const flush = async (): Promise<void> => {
    if (changes.rows() === 0) return;
    const db = await open();
    const taken = changes.take();
    await applyChanges(db, epoch, tables, taken);
    const sections = taken.filter(({ relation }) => relation === 'sect').map(({ key }) => key);
    if (sections.length > 0) await touched.addSections(db, epoch, sections);
    await touched.spill(db);
  };

  const add = async (table: LegacyTable, key: string, change: RowChange): Promise<void> => {
    rows += 1;
    changes.add(table.name, key, change);
    touch(table.name, key);
    if (changes.bytes() > MOST_BYTES || changes.rows() >= MOST_ROWS) await flush();
  };
  const touch = (relation: string, key: string): void => {
    const aggregate = aggregateOf(relation, key);
    if (aggregate !== null) touched.add(aggregate.kind, aggregate.key);
  };

  const update = async (table: LegacyTable, before: Row | null, row: Row): Promise<void> => {
    const key = keyOf(table, row);
    const former = before === null ? key : keyOf(table, before);
    if (former !== key) {
      await flush();
      await moveRow(await open(), epoch, table.name, former, key);
      touch(table.name, former);
    }
    const isWhole = table.columns.every(({ name }) => row[name] !== undefined);
    await add(table, key, { kind: isWhole ? 'put' : 'patch', row: known(row) });
  };

  const truncate = async (
    relations: readonly { name: string; schema: string }[],
  ): Promise<void> => {
    await flush();
    const db = await open();
    for (const relation of relations) {
      const table = tableOf(tables, relation);
      if (table === undefined) continue;
      await touched.addAllOf(db, epoch, table.name);
      const { rowCount } = await db.query('DELETE FROM mirror WHERE epoch = $1 AND relation = $2', [
        epoch,
        table.name,
      ]);
      rows += rowCount ?? 0;
    }
  };

  const change = async (message: Decoded): Promise<void> => {
    if (message.tag === 'truncate') return truncate(message.relations);
    if (message.tag !== 'insert' && message.tag !== 'update' && message.tag !== 'delete') return;
    const table = tableOf(tables, message.relation);
    if (table === undefined) return;
    switch (message.tag) {
      case 'insert':
        return add(table, keyOf(table, message.new), { kind: 'put', row: message.new });
      case 'update':
        return update(table, message.key ?? message.old, message.new);
      case 'delete':
        return add(table, keyOf(table, message.key ?? message.old ?? {}), { kind: 'remove' });
    }
  };

  return {
    committedAt,
    change,
    commit: async (end) => {
      await flush();
      if (client === undefined) return { rows: 0, types: [], newest: null };
      const db = client;
      const occasion = occasionOf(options.systemId, String(end), committedAt);
      const types: string[] = [];
      await touched.drain(db, async (kind, keys) => {
        types.push(...(await tell(db, epoch, kind, keys, occasion)));
      });
      await savePosition(db, end, committedAt);
      const { newest } = await outboxBounds(db);
      await session.commit();
      client = undefined;
      return { rows, types, newest };
    },
    rollback: async () => {
      if (client === undefined) return;
      client = undefined;
      await session.rollback();
    },
  };
}

const tableOf = (
  tables: ReadonlyMap<string, LegacyTable>,
  { schema, name }: { schema: string; name: string },
): LegacyTable | undefined => (schema === 'public' ? tables.get(name) : undefined);

/** Without the columns that PostgreSQL has left out because they have not changed. */
const known = (row: Readonly<Record<string, string | null | undefined>>): Row =>
  Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
