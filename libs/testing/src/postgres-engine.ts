import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { isAlive } from '@newscience/embedded-postgres/process-table';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@newscience/embedded-postgres/server';
import {
  ensureServiceDatabase,
  identifier,
  roleUrl,
} from '@newscience/embedded-postgres/service-database';
import pg from 'pg';

import { freePort } from './free-port.ts';

export type PostgresEngine = {
  /** URL of the superuser on the database `postgres`; stays the same over restarts. */
  readonly adminUrl: string;
  readonly port: number;
  /** Of the server that runs now, or ran last. */
  readonly pid: number;
  /** Starts it after `stop` or `crash`, and waits until it takes connections. Harmless while it runs. */
  readonly start: () => Promise<void>;
  /** Ends it in good order; what was open is rolled back. */
  readonly stop: () => Promise<void>;
  /** SIGKILL: the next start recovers from the log. Fulfilled when the server process has ended. */
  readonly crash: () => Promise<void>;
  /** A database with its two roles, named and shut as in production. */
  readonly database: (names: DatabaseNames) => Promise<EngineDatabase>;
  /**
   * Takes one database away as if its server were gone, while the others go on: connections to it end, and new ones
   * are refused, the superuser's too. The result gives it back.
   */
  readonly takeAway: (database: string) => Promise<() => Promise<void>>;
  /** Stops it and removes its data. For `afterAll`; harmless when repeated. */
  readonly remove: () => Promise<void>;
};

export type DatabaseNames = {
  readonly database: string;
  /** Default: the name of the database. */
  readonly app?: string;
  /** Default: the name of the database and `_owner`. */
  readonly owner?: string;
};

export type EngineDatabase = {
  readonly url: string;
  readonly ownerUrl: string;
  /** The superuser on this database. */
  readonly adminUrl: string;
  readonly appRole: string;
  readonly name: string;
};

export type PostgresEngineOptions = {
  /** An existing folder for its data, removed by `remove`. Default: a new one for temporary files. */
  readonly folder?: string;
  /** Settings of postgresql.conf that differ from the house's. */
  readonly settings?: Readonly<Record<string, string>>;
};

/**
 * A PostgreSQL of a test's own that can be killed and started again, with the house's settings: durable, unlike the
 * one that Jest shares among tests. Takes some 2 s to start.
 *
 * @throws Error with one sentence on what is wrong where it does not start
 */
export async function startPostgresEngine(
  options: PostgresEngineOptions = {},
): Promise<PostgresEngine> {
  removeLeftBehind();
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), `newscience-engine-${process.pid}-`));
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o711); // PostgreSQL may run as another account
  const port = await freePort();
  const launch = async (): Promise<EmbeddedPostgres> => {
    const started = await startEmbeddedPostgres({
      dataDir: join(folder, 'postgres'),
      logFile: join(folder, 'postgres.log'),
      port,
      settings: options.settings ?? {},
    });
    if (started.ok) return started.value;
    throw new Error(started.error.detail);
  };
  let server: EmbeddedPostgres;
  try {
    server = await launch();
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const { adminUrl } = server;
  let running = true;
  return {
    adminUrl,
    port,
    get pid() {
      return server.pid;
    },
    start: async () => {
      if (running) return;
      server = await launch();
      running = true;
    },
    stop: async () => {
      running = false;
      await server.stop();
    },
    crash: async () => {
      running = false;
      process.kill(server.pid, 'SIGKILL');
      await server.exited;
    },
    database: (names) => createDatabase(adminUrl, names),
    takeAway: async (database) => {
      const allow = (yes: boolean): string =>
        `ALTER DATABASE ${identifier(database)} ALLOW_CONNECTIONS ${yes}`;
      await asAdmin(adminUrl, async (admin) => {
        await admin.query(allow(false));
        await admin.query(
          'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1',
          [database],
        );
      });
      return () =>
        asAdmin(adminUrl, async (admin) => {
          await admin.query(allow(true));
        });
    },
    remove: async () => {
      running = false;
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A run that was killed could not clear up; its server has ended with it. */
function removeLeftBehind(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(/^newscience-engine-(\d+)-/.exec(name)?.[1] ?? process.pid);
    if (!isAlive(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

async function createDatabase(adminUrl: string, names: DatabaseNames): Promise<EngineDatabase> {
  const { database } = names;
  const role = (name: string) => ({ name, password: randomBytes(18).toString('base64url') });
  const owner = role(names.owner ?? `${database}_owner`);
  const app = role(names.app ?? database);
  await asAdmin(adminUrl, (admin) =>
    ensureServiceDatabase(
      (sql, values = []) => admin.query<Record<string, unknown>>(sql, [...values]),
      { database, owner, app },
    ),
  );
  const onDatabase = new URL(adminUrl);
  onDatabase.pathname = `/${database}`;
  return {
    url: roleUrl(adminUrl, database, app),
    ownerUrl: roleUrl(adminUrl, database, owner),
    adminUrl: onDatabase.href,
    appRole: app.name,
    name: database,
  };
}

async function asAdmin<T>(adminUrl: string, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}
