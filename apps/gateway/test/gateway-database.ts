import { join } from 'node:path';
import { busMigrations } from '@newscience/event-bus/migrate';
import { migrate } from '@newscience/service-kit/migrations';
import { createTemplate, type TestDatabase } from '@newscience/testing/template-database';

/** A database of its own, migrated as in production. Drop it in `afterAll`. */
export async function gatewayDatabase(): Promise<TestDatabase> {
  const migrationsDir = join(import.meta.dirname, '../migrations');
  const template = await createTemplate({ service: 'gateway', migrationsDir, migrate });
  return template.cloneDatabase();
}

/** A database of an event bus. */
export async function busDatabase(): Promise<TestDatabase> {
  const template = await createTemplate({
    service: 'event_bus',
    migrationsDir: busMigrations,
    migrate,
  });
  return template.cloneDatabase();
}
