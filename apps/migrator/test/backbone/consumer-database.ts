import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { copyMigrations } from '@newscience/outbox/migrations';
import { migrate } from '@newscience/service-kit/migrations';
import type { EngineDatabase, PostgresEngine } from '@newscience/testing/postgres-engine';

/** What a consumer knows of each article, and each effect that an event has had, in order. */
const tables = `
-- Up Migration
CREATE TABLE article (
  id text PRIMARY KEY,
  revision integer NOT NULL,
  shown boolean NOT NULL,
  content jsonb NOT NULL
);
CREATE TABLE effect (
  n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id text NOT NULL,
  article text NOT NULL,
  revision integer NOT NULL
);
`;

/** A consumer's own database, with outbox and inbox, and the tables of its effects. */
export async function consumerDatabase(
  engine: PostgresEngine,
  database: string,
): Promise<EngineDatabase> {
  const made = await engine.database({ database });
  const directory = mkdtempSync(join(tmpdir(), 'newscience-migrations-'));
  try {
    copyMigrations(directory, ['outbox', 'inbox']);
    writeFileSync(join(directory, '0900_effects.sql'), tables);
    await migrate({ databaseUrl: made.ownerUrl, directory, appRole: made.appRole });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return made;
}
