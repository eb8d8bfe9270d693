import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { CloudEvent } from '@newscience/event-contracts/envelope';

import { type BenchSite, perSecond, timed } from './site.ts';

const columns = '(topic, partition, position, key, type, event, published_at)';

export type Ceiling = {
  /** One COPY of all rows, from a file on the server. */
  readonly copy: number;
  /** INSERT of as many rows as a relay's batch has, each a transaction. */
  readonly insertBatches: number;
  /** INSERT of one row, each a transaction. */
  readonly insertSingle: number;
};

/**
 * Rows per second that PostgreSQL takes into a table like the log, with its indexes, and nothing around it: no
 * outbox, no positions, no notifications.
 */
export async function ceiling(
  { busAdmin }: Pick<BenchSite, 'busAdmin'>,
  events: readonly CloudEvent[],
  singles: number,
): Promise<Ceiling> {
  const rows = events.map((event, position) => [
    ...['newscience.article', '0', String(position), event.subject, event.type],
    ...[JSON.stringify(event), '2026-03-02T06:00:00Z'],
  ]);
  const folder = mkdtempSync(join(tmpdir(), 'newscience-copy-'));
  try {
    chmodSync(folder, 0o755); // PostgreSQL may run as another account
    const file = join(folder, 'rows.copy');
    writeFileSync(file, rows.map((row) => `${row.map(copyField).join('\t')}\n`).join(''));
    chmodSync(file, 0o644);
    const empty = () =>
      busAdmin.query(
        'DROP TABLE IF EXISTS ceiling; CREATE TABLE ceiling (LIKE event_log INCLUDING ALL); CHECKPOINT',
      );
    await empty();
    const copy = await timed(() =>
      busAdmin.query(`COPY ceiling ${columns} FROM '${file.replaceAll("'", "''")}'`),
    );
    await empty();
    const insertBatches = await timed(async () => {
      for (let from = 0; from < rows.length; from += 500)
        await insert(busAdmin, rows.slice(from, from + 500));
    });
    await empty();
    const insertSingle = await timed(async () => {
      for (const row of rows.slice(0, singles)) await insert(busAdmin, [row]);
    });
    await busAdmin.query('DROP TABLE ceiling');
    return {
      copy: perSecond(rows.length, copy),
      insertBatches: perSecond(rows.length, insertBatches),
      insertSingle: perSecond(Math.min(singles, rows.length), insertSingle),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function insert(busAdmin: BenchSite['busAdmin'], rows: readonly string[][]): Promise<void> {
  await busAdmin.query(
    `INSERT INTO ceiling ${columns}
     SELECT * FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])`,
    [0, 1, 2, 3, 4, 5, 6].map((column) => rows.map((row) => row[column])),
  );
}

const copyField = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n');
