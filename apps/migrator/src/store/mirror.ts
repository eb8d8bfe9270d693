import type { LegacyTable } from '@newscience/anti-corruption-layer/legacy-tables';
import type pg from 'pg';

import { bytesOf, type FoldedChange, type Row } from '../domain/changes.ts';

type Db = Pick<pg.ClientBase, 'query'>;

/** A change came for a row that the mirror does not have: it is not what it should be. */
export class MirrorBroken extends Error {
  constructor(relation: string, rows: number) {
    super(`The mirror lacks ${rows} row(s) of ${relation} that were changed.`);
    this.name = 'MirrorBroken';
  }
}

export const keyOf = (table: LegacyTable, row: Row): string =>
  table.key.map((column) => row[column] ?? '').join('/');

const upsert = `
INSERT INTO mirror (epoch, relation, key, parent, subject, bytes, content)
SELECT $1, relation, key, parent, subject, bytes, content::jsonb
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::text[])
  AS given (relation, key, parent, subject, bytes, content)
ON CONFLICT (epoch, relation, key) DO UPDATE SET parent = excluded.parent, subject = excluded.subject,
  bytes = excluded.bytes, content = excluded.content`;

// Columns that PostgreSQL left out because they have not changed stay as they are.
const patch = `
UPDATE mirror m SET parent = given.parent, subject = given.subject, content = m.content || given.content::jsonb
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::text[])
  AS given (relation, key, parent, subject, bytes, content)
WHERE m.epoch = $1 AND m.relation = given.relation AND m.key = given.key`;

const remove = `
DELETE FROM mirror m USING unnest($2::text[], $3::text[]) AS given (relation, key)
WHERE m.epoch = $1 AND m.relation = given.relation AND m.key = given.key`;

const named = (name: string, text: string): pg.QueryConfig => ({ name, text });

/** Brings the mirror up to date with changes that are folded to one for each row. */
export async function applyChanges(
  db: Db,
  epoch: number,
  tables: ReadonlyMap<string, LegacyTable>,
  changes: readonly FoldedChange[],
): Promise<void> {
  const rows = changes.flatMap(({ relation, key, change }) => {
    const table = tables.get(relation);
    if (table === undefined || change.kind === 'remove') return [];
    return [{ kind: change.kind, values: valuesOf(table, key, change.row) }];
  });
  const puts = rows.filter(({ kind }) => kind === 'put').map(({ values }) => values);
  const patches = rows.filter(({ kind }) => kind === 'patch').map(({ values }) => values);
  const gone = changes.filter(({ change }) => change.kind === 'remove');
  if (gone.length > 0)
    await db.query(named('mirror-remove', remove), [
      epoch,
      gone.map(({ relation }) => relation),
      gone.map(({ key }) => key),
    ]);
  if (puts.length > 0) await db.query(named('mirror-upsert', upsert), [epoch, ...columnsOf(puts)]);
  if (patches.length > 0) {
    const { rowCount } = await db.query(named('mirror-patch', patch), [
      epoch,
      ...columnsOf(patches),
    ]);
    const missing = patches.length - (rowCount ?? 0);
    if (missing > 0) throw new MirrorBroken(patches[0]?.relation ?? '', missing);
  }
}

type Values = ReturnType<typeof valuesOf>;

function valuesOf(table: LegacyTable, key: string, row: Row) {
  return {
    relation: table.name,
    key,
    parent: table.parent === undefined ? null : (row[table.parent] ?? null),
    subject: table.subject === undefined ? null : (row[table.subject] ?? null),
    bytes: bytesOf(row),
    content: JSON.stringify(row),
  };
}

const columnsOf = (rows: readonly Values[]) => [
  rows.map(({ relation }) => relation),
  rows.map(({ key }) => key),
  rows.map(({ parent }) => parent),
  rows.map(({ subject }) => subject),
  rows.map(({ bytes }) => bytes),
  rows.map(({ content }) => content),
];

/** A row whose primary key was changed takes what it has along. */
export async function moveRow(
  db: Db,
  epoch: number,
  relation: string,
  from: string,
  to: string,
): Promise<void> {
  const { rowCount } = await db.query(
    'UPDATE mirror SET key = $4 WHERE epoch = $1 AND relation = $2 AND key = $3',
    [epoch, relation, from, to],
  );
  if (rowCount !== 1) throw new MirrorBroken(relation, 1);
}

/** Rows of other snapshots, a batch at a time; how many went. */
export async function sweepEpochs(db: Db, keep: readonly number[], most: number): Promise<number> {
  const { rowCount } = await db.query(
    `DELETE FROM mirror WHERE ctid = ANY (ARRAY(SELECT ctid FROM mirror WHERE epoch <> ALL ($1) LIMIT $2))`,
    [keep, most],
  );
  return rowCount ?? 0;
}
