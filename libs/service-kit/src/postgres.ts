import { setTimeout as sleep } from 'node:timers/promises';

import pg from 'pg';

import { codeOf } from './error-text.ts';
import type { Logger } from './logging.ts';
import type { Metrics } from './metrics.ts';
import { reveal } from './secret.ts';
import type { Secret } from './secret.ts';

/** Times in milliseconds. */
export type PoolOptions = {
  readonly url: string | Secret;
  readonly applicationName: string;
  readonly logger: Logger;
  readonly metrics?: Metrics;
  /** Connections at most. Default 10. */
  readonly max?: number;
  /** A statement that takes longer is ended by the server. Default 15000; 0 is no limit. */
  readonly statementTimeoutMs?: number;
  /** How long to wait for a connection. Default 5000. */
  readonly connectTimeoutMs?: number;
};

/**
 * A pool that survives a restart of the server: a lost connection is logged and replaced, and the next query
 * connects again. Close it with `pool.end()`.
 */
export function createPool(options: PoolOptions): pg.Pool {
  const { applicationName, logger, metrics } = options;
  const pool = new pg.Pool({
    connectionString: reveal(options.url),
    application_name: applicationName,
    max: options.max ?? 10,
    statement_timeout: options.statementTimeoutMs ?? 15_000,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5000,
    idle_in_transaction_session_timeout: 60_000,
    keepAlive: true,
  });
  // Without a listener a connection that the server closes would end the process, idle or checked out.
  const lost = (error: Error): void =>
    logger.warn({ err: error, pool: applicationName }, 'database connection lost');
  pool.on('error', lost);
  pool.on('connect', (client) => client.on('error', () => undefined));
  metrics?.watchPool(applicationName, pool);
  return pool;
}

export type Isolation = 'read committed' | 'repeatable read' | 'serializable';

/** Serialization failure and deadlock: the transaction left no trace and may simply be run again. */
const repeatable = new Set(['40001', '40P01']);
const mostAttempts = 4;

/**
 * Runs `work` in one transaction: committed when it resolves, rolled back when it rejects. After a
 * serialization failure or a deadlock it is run again, three times at most, so `work` must not have effects
 * outside of the database.
 */
export async function withTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  { isolation = 'read committed' }: { isolation?: Isolation } = {},
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await runOnce(pool, work, isolation);
    } catch (error) {
      if (attempt >= mostAttempts || !repeatable.has(codeOf(error))) throw error;
      // Competitors that retry in step would only collide again.
      await sleep(Math.random() * 20 * 2 ** attempt);
    }
  }
}

async function runOnce<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  isolation: Isolation,
): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query(`BEGIN ISOLATION LEVEL ${isolation}`);
    const result = await work(client);
    const { command } = await client.query('COMMIT');
    // A transaction in which a statement failed answers COMMIT with ROLLBACK, and no error.
    if (command !== 'COMMIT')
      throw new Error('The transaction was rolled back: a failed statement in it was ignored.');
    client.release();
    return result;
  } catch (error) {
    const rolledBack = await client.query('ROLLBACK').then(
      () => true,
      () => false,
    );
    client.release(!rolledBack);
    throw error;
  }
}

/** Whether the database answers; throws when it does not. For health checks. */
export async function ping(pool: pg.Pool): Promise<void> {
  await pool.query('SELECT 1');
}
