import { migrateBus } from '@newscience/event-bus/migrate';
import { topics } from '@newscience/event-contracts/topics';
import { connectBus } from '@newscience/event-bus/connect';
import type { EventBus } from '@newscience/event-bus/bus';
import { createLogger } from '@newscience/service-kit/logging';
import { createPool } from '@newscience/service-kit/postgres';
import { type PostgresEngine, startPostgresEngine } from '@newscience/testing/postgres-engine';
import pg from 'pg';

import { consumerDatabase } from '../test/backbone/consumer-database.ts';

export const logger = createLogger({ service: 'bench', level: 'error' });

export type BenchSite = {
  readonly engine: PostgresEngine;
  /** Of a service with outbox and inbox. */
  readonly url: string;
  readonly pool: pg.Pool;
  readonly busUrl: string;
  /** The superuser on the bus's database, for ceilings. */
  readonly busAdmin: pg.Pool;
  readonly bus: EventBus;
  readonly postgresVersion: string;
};

/** PostgreSQL with the settings of `npm start`, durable, with the bus and a service's database on it. */
export async function openSite(cleanUp: (undo: () => unknown) => void): Promise<BenchSite> {
  const engine = await startPostgresEngine();
  cleanUp(() => engine.remove());
  const { url } = await consumerDatabase(engine, 'service');
  const onBus = await engine.database({ database: 'bus' });
  await migrateBus({ databaseUrl: onBus.ownerUrl, appRole: onBus.appRole });
  const bus = await connectBus({ url: onBus.url, name: 'bench', logger });
  cleanUp(() => bus.close());
  await bus.declareTopics(topics);
  const pool = createPool({ url, applicationName: 'bench', logger, statementTimeoutMs: 120_000 });
  cleanUp(() => pool.end());
  const busAdmin = new pg.Pool({ connectionString: onBus.adminUrl, max: 1 });
  busAdmin.on('error', () => undefined);
  cleanUp(() => busAdmin.end());
  const { rows } = await busAdmin.query<{ v: string }>(
    "SELECT current_setting('server_version') AS v",
  );
  return {
    ...{ engine, url, pool, bus, busAdmin, busUrl: onBus.url },
    postgresVersion: rows[0]?.v ?? 'unknown',
  };
}

/** Milliseconds that the work takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

export const perSecond = (count: number, milliseconds: number): number =>
  (count * 1000) / milliseconds;
