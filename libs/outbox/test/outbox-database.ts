import { join } from 'node:path';

import { migrate } from '@newscience/service-kit/migrations';
import { createTemplate, type TestDatabase } from '@newscience/testing/template-database';
import pg from 'pg';

/** A database with this library's tables, a table that stands for state, and one that stands for a bus. */
export async function outboxDatabase(): Promise<TestDatabase> {
  const template = await createTemplate({
    service: 'outbox',
    migrationsDir: join(import.meta.dirname, '../migrations'),
    migrate,
    prepare: async ({ ownerUrl }) => {
      const owner = new pg.Client({ connectionString: ownerUrl });
      await owner.connect();
      await owner.query(
        'CREATE TABLE bus_log (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL, id text NOT NULL, publisher text NOT NULL)',
      );
      await owner.query(
        'CREATE TABLE effect (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL, id text NOT NULL)',
      );
      await owner.query('CREATE TABLE once (id text UNIQUE DEFERRABLE INITIALLY DEFERRED)');
      await owner.end();
    },
  });
  return template.cloneDatabase();
}
