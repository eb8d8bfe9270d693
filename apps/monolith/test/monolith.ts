import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readConfig } from '@newscience/service-kit/config';
import { createHealth } from '@newscience/service-kit/health';
import { listen } from '@newscience/service-kit/http-server';
import { createLogger } from '@newscience/service-kit/logging';
import { createMetrics } from '@newscience/service-kit/metrics';
import { migrate } from '@newscience/service-kit/migrations';
import { createPool } from '@newscience/service-kit/postgres';
import { createTemplate } from '@newscience/testing/template-database';
import type { TestDatabase } from '@newscience/testing/template-database';
import pg from 'pg';
import { createApp } from '../src/app.ts';
import { configSchema } from '../src/config.ts';
import type { Config } from '../src/config.ts';

/** A password that fits everybody in tests. */
export const password = 'correct zebra battery lamp';
export const operator = { email: 'operator@newscience.example', password };
export const editor = { email: 'editor@newscience.example', password };

/** Argon2 with as little work as it allows: hundreds of log-ins in a test take no time. */
export const hashing = { memoryCost: 64, timeCost: 1, parallelism: 1, running: 4, waiting: 200 };

export type Env = Record<string, string>;
export type TestMonolith = {
  url: string;
  port: number;
  database: TestDatabase;
  /** For looking at and moving what stands in the database, as its owner. */
  query: <T extends pg.QueryResultRow>(sql: string, values?: unknown[]) => Promise<T[]>;
  /** Starts the background jobs, which end with the site. */
  startJobs: () => void;
  close: () => Promise<void>;
};

const template = createTemplate({
  service: 'monolith',
  migrationsDir: join(import.meta.dirname, '../migrations'),
  migrate,
});

/** A database with the monolith's tables; drop it at the end. */
export async function cloneDatabase(): Promise<TestDatabase> {
  return (await template).cloneDatabase();
}

/** The configuration of a test's instance. */
export function testConfig(database: TestDatabase, env: Env): Config {
  const config = readConfig(configSchema, {
    DATABASE_URL: database.url,
    PORT: '0',
    LOG_LEVEL: 'silent',
    KEY_ENCRYPTION_SECRET: 'the same secret in all of the tests',
    BOOTSTRAP_OPERATOR_PASSWORD: password,
    BOOTSTRAP_EDITOR_PASSWORD: password,
    LOGIN_ATTEMPTS_PER_ADDRESS: '100000',
    REGISTRATIONS_PER_ADDRESS: '100000',
    MAIL_URL: `file:///tmp/newscience-test-mail-${randomBytes(6).toString('hex')}`,
    ...env,
  });
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  return config.value;
}

/**
 * The whole monolith on a free port, with an operator and an editor, and its background jobs off. With
 * `database` it is one more instance on that one, which stays when it closes.
 */
export async function startMonolith(env: Env = {}, shared?: TestDatabase): Promise<TestMonolith> {
  const database = shared ?? (await cloneDatabase());
  const config = testConfig(database, env);
  const logger = createLogger({ service: 'monolith', level: config.LOG_LEVEL });
  const pool = createPool({ url: database.url, applicationName: 'monolith test', logger, max: 5 });
  const metrics = createMetrics('monolith');
  const { app, prepare, startJobs } = createApp({
    config,
    pool,
    logger,
    metrics,
    health: createHealth(),
    hashing,
  });
  await prepare();
  const server = await listen({ app, host: '127.0.0.1', port: 0, logger });
  const owner = new pg.Pool({ connectionString: database.ownerUrl, max: 2 });
  owner.on('error', () => undefined);

  let stopJobs = () => Promise.resolve();
  return {
    url: `http://127.0.0.1:${server.port}`,
    port: server.port,
    database,
    query: async <T extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
      (await owner.query<T>(sql, values)).rows,
    startJobs() {
      stopJobs = startJobs();
    },
    async close() {
      await server.close(500);
      await stopJobs();
      await pool.end();
      await owner.end();
      if (shared === undefined) await database.drop();
    },
  };
}
