import { migrate } from '@newscience/service-kit/migrations';
import { createTemplate, type TestDatabase } from '@newscience/testing/template-database';

import { busMigrations } from '../src/postgres/migrate.ts';

/** A migrated database of the bus for one test file. */
export async function busDatabase(): Promise<TestDatabase> {
  const template = await createTemplate({
    service: 'event_bus',
    migrationsDir: busMigrations,
    migrate,
  });
  return template.cloneDatabase();
}
