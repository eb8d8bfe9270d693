import type { LegacyTable } from '@newscience/anti-corruption-layer/legacy-tables';

import { createChanges, type Row, type RowChange } from '../domain/changes.ts';
import type { Lsn } from '../domain/lsn.ts';
import { applyChanges, keyOf, moveRow } from '../store/mirror.ts';
import type { Decoded } from '../legacy/pgoutput.ts';
import type { CaptureBatch } from './capture-batch.ts';
import { occasionOf, tell } from './tell.ts';
import { aggregateOf, createTouched } from './touched.ts';

export type LegacyTransaction = {
  /** Takes a change. What is more than a megabyte goes into the mirror at once. */
  readonly change: (message: Decoded) => Promise<void>;
  /** All changes were taken: decides what is to be told of them. */
  readonly end: (end: Lsn) => Promise<{ readonly rows: number; readonly types: readonly string[] }>;
  readonly committedAt: string;
};

export type TransactionOptions = {
  readonly batch: CaptureBatch;
  readonly tables: ReadonlyMap<string, LegacyTable>;
  readonly epoch: number;
  readonly systemId: string;
  readonly committedAt: string;
};

const MOST_BYTES = 512 * 1024;
const MOST_ROWS = 1000;

/** One legacy transaction on its way into a local one. Memory is bounded, however large it is. */
export function createLegacyTransaction(options: TransactionOptions): LegacyTransaction {
  const { batch, tables, epoch, committedAt } = options;
  const changes = createChanges();
  const touched = createTouched();
  let rows = 0;

  const flush = async (): Promise<void> => {
    if (changes.rows() === 0) return;
    const db = await batch.open();
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
      await moveRow(await batch.open(), epoch, table.name, former, key);
      touch(table.name, former);
    }
    const isWhole = table.columns.every(({ name }) => row[name] !== undefined);
    await add(table, key, { kind: isWhole ? 'put' : 'patch', row: known(row) });
  };

  const truncate = async (
    relations: readonly { name: string; schema: string }[],
  ): Promise<void> => {
    await flush();
    const db = await batch.open();
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
    end: async (end) => {
      await flush();
      if (rows === 0) return { rows, types: [] };
      const db = await batch.open();
      const occasion = occasionOf(options.systemId, String(end), committedAt);
      const types: string[] = [];
      await touched.drain(db, async (kind, keys) => {
        await tell(db, epoch, kind, keys, occasion, async (events) => {
          types.push(...events.map(({ type }) => type));
          await batch.tell(events);
        });
      });
      batch.ended(end, committedAt);
      return { rows, types };
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
