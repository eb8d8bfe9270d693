import type { LegacyTable } from '@newscience/anti-corruption-layer/legacy-tables';
import pg from 'pg';

import type { Row } from '../domain/changes.ts';

export type SnapshotReader = {
  /** The rows of a table, some at a time. */
  readonly rows: (table: LegacyTable) => AsyncGenerator<readonly Row[]>;
  readonly end: () => Promise<void>;
};

const { escapeIdentifier, escapeLiteral } = pg;
/** About as many bytes of text are asked for at once. */
const WANTED_BYTES = 512 * 1024;
const MOST_ROWS = 1000;

/** Reads tables as they were when the slot was made. */
export async function openSnapshot(legacy: pg.Pool, snapshot: string): Promise<SnapshotReader> {
  const client = await legacy.connect();
  let failed = false;
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await client.query(`SET TRANSACTION SNAPSHOT ${escapeLiteral(snapshot)}`);
    // The same text as in the stream.
    await client.query("SET LOCAL TimeZone = 'UTC'");
    await client.query("SET LOCAL DateStyle = 'ISO'");
  } catch (error) {
    client.release(true);
    throw error;
  }
  return {
    rows: async function* (table) {
      try {
        const columns = table.columns
          .map(({ name }) => `${escapeIdentifier(name)}::text`)
          .join(', ');
        await client.query(
          `DECLARE rows NO SCROLL CURSOR FOR SELECT ${columns} FROM public.${escapeIdentifier(table.name)}`,
        );
        // The first few rows say how large they are.
        let count = 20;
        for (;;) {
          const { rows } = await client.query<Record<string, string | null>>(
            `FETCH ${count} FROM rows`,
          );
          if (rows.length === 0) break;
          yield rows;
          const bytes = JSON.stringify(rows).length / rows.length;
          count = Math.max(2, Math.min(MOST_ROWS, count * 2, Math.floor(WANTED_BYTES / bytes)));
        }
        await client.query('CLOSE rows');
      } catch (error) {
        failed = true;
        throw error;
      }
    },
    end: async () => {
      if (!failed) await client.query('COMMIT').catch(() => (failed = true));
      client.release(failed);
    },
  };
}
