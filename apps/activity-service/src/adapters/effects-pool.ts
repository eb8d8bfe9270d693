import { createPool, type PoolOptions } from '@newscience/service-kit/postgres';
import type pg from 'pg';

/**
 * The consumer's connections. An effect is a few statements, so a transaction that rests for 10 s belongs to a process
 * that hangs: it is ended, and its partition is free for others. Until then they wait a second for it and take the next
 * partition, instead of spending all their connections on waiting.
 */
export function createEffectsPool(options: Omit<PoolOptions, 'applicationName'>): pg.Pool {
  const pool = createPool({ ...options, applicationName: 'activity-service' });
  pool.on('connect', (client) => {
    // Runs before whatever the connection was made for; a connection that is lost right away says so there.
    client
      .query("SET idle_in_transaction_session_timeout = '10s'; SET lock_timeout = '1s'")
      .catch(() => undefined);
  });
  return pool;
}
