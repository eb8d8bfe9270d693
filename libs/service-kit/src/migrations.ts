import { fileURLToPath } from 'node:url';

import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { z } from 'zod';

import { describeFaults, readConfig, secretUrl, text } from './config.ts';
import { messageOf } from './error-text.ts';
import { reveal } from './secret.ts';
import type { Secret } from './secret.ts';

export type MigrateOptions = {
  /** Of the role that owns the database's objects. */
  readonly databaseUrl: string | Secret;
  /** The folder with the numbered `.sql` files. */
  readonly directory: string;
  /** The role that the service runs as: it may read and write rows, and nothing else. */
  readonly appRole: string;
};

const history = 'schema_migrations';
/** Any number will do, as long as all that migrate use the same. Locks are per database. */
const lockKey = 7_305_208_119;

/**
 * Applies the migrations that have not been applied yet, each in a transaction of its own, and gives back
 * their names. Safe when many start at once: one works while the others wait, and then find nothing to do.
 * Afterwards the app role may use all tables and sequences, the history only to read.
 */
export async function migrate({
  databaseUrl,
  directory,
  appRole,
}: MigrateOptions): Promise<string[]> {
  const client = new pg.Client({
    connectionString: reveal(databaseUrl),
    application_name: 'migrate',
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    // Without it a statement of a starter that was killed goes on, and holds the lock, until it is done. Not every
    // platform has it.
    await client.query("SET client_connection_check_interval = '1s'").catch(() => undefined);
    // The runner's own lock gives up when it is taken; this one waits. Ending the session frees it, come what may.
    await client.query('SELECT pg_advisory_lock($1)', [lockKey]);
    const warnings: string[] = [];
    const applied = await runner({
      dbClient: client,
      dir: directory,
      direction: 'up',
      migrationsTable: history,
      singleTransaction: false,
      noLock: true,
      checkOrder: true,
      logger: quiet(warnings),
    });
    await grant(client, appRole);
    return applied.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

const quiet = (warnings: string[]) => ({
  info: () => undefined,
  warn: (message: string) => warnings.push(message),
  error: (message: string) => warnings.push(message),
});

async function grant(client: pg.Client, appRole: string): Promise<void> {
  const role = client.escapeIdentifier(appRole);
  const statements = [
    `GRANT USAGE ON SCHEMA public TO ${role}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`,
    `GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ${role}`,
    `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${role}`,
    `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO ${role}`,
    `REVOKE INSERT, UPDATE, DELETE ON ${history} FROM ${role}`,
  ];
  for (const statement of statements) await client.query(statement);
}

const settings = z.object({
  DATABASE_URL: secretUrl(['postgres', 'postgresql']),
  APP_ROLE: text(63),
});

/**
 * The whole of a service's `src/migrate.ts`: `await migrateMain(import.meta)`. Applies `../migrations` as
 * `DATABASE_URL` says and tells what it did. Exit code 0, 1 when a migration failed, 78 for a wrong setting.
 */
export async function migrateMain(meta: ImportMeta): Promise<void> {
  const config = readConfig(settings, process.env);
  if (!config.ok) {
    process.stderr.write(`${describeFaults(config.error)}\n`);
    process.exitCode = 78;
    return;
  }
  const directory = fileURLToPath(new URL('../migrations', meta.url));
  try {
    const applied = await migrate({
      databaseUrl: config.value.DATABASE_URL,
      directory,
      appRole: config.value.APP_ROLE,
    });
    process.stdout.write(
      applied.length === 0 ? 'No migration was pending.\n' : `Applied ${applied.join(', ')}.\n`,
    );
  } catch (error) {
    process.stderr.write(`The migration failed: ${messageOf(error)}\n`);
    process.exitCode = 1;
  }
}
