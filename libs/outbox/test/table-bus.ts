import type { EventBus } from '@newscience/event-bus/bus';
import type pg from 'pg';

/** Stands for a bus that outlives its publishers: a table, written in one statement a batch. */
export const tableBus = (pool: pg.Pool, publisher: string): Pick<EventBus, 'publish'> => ({
  publish: async (batch) => {
    await pool.query(
      'INSERT INTO bus_log (key, id, publisher) SELECT key, id, $3 FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS e (key, id, place) ORDER BY place',
      [batch.map(({ subject }) => subject), batch.map(({ id }) => id), publisher],
    );
  },
});
