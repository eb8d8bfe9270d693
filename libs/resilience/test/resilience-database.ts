import { join } from 'node:path';

import { migrate } from '@newscience/service-kit/migrations';
import { createTemplate, type TestDatabase } from '@newscience/testing/template-database';
import pg from 'pg';

/** A database with this library's tables, and one in which a called party keeps its own ledger. */
export async function resilienceDatabase(): Promise<TestDatabase> {
  const template = await createTemplate({
    service: 'resilience',
    migrationsDir: join(import.meta.dirname, '../migrations'),
    migrate,
    prepare: async ({ ownerUrl }) => {
      const owner = new pg.Client({ connectionString: ownerUrl });
      await owner.connect();
      await owner.query(
        'CREATE TABLE ledger (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())',
      );
      await owner.end();
    },
  });
  return template.cloneDatabase();
}
