import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import { freePort } from '@newscience/testing/free-port';
import { createTemplate } from '@newscience/testing/template-database';
import type { TestDatabase } from '@newscience/testing/template-database';
import pg from 'pg';

import { unavailableCause } from './connection-fault.ts';
import { createLogger } from './logging.ts';
import { createMetrics } from './metrics.ts';
import { createPool, ping, withTransaction } from './postgres.ts';
import type { PoolOptions } from './postgres.ts';
import { Secret } from './secret.ts';

let database: TestDatabase;
let pool: pg.Pool;
const lines: string[] = [];
const logger = createLogger({
  service: 'sample',
  level: 'debug',
  destination: { write: (line) => lines.push(line) },
});
const open = (options: Partial<PoolOptions> = {}): pg.Pool =>
  createPool({ url: new Secret(database.url), applicationName: 'sample', logger, ...options });

beforeAll(async () => {
  const template = await createTemplate({
    service: 'sample',
    version: '1',
    prepare: async ({ ownerUrl, appRole }) => {
      const client = new pg.Client({ connectionString: ownerUrl });
      await client.connect();
      await client.query(
        `CREATE TABLE counter (id text PRIMARY KEY, value int NOT NULL); GRANT SELECT, INSERT, UPDATE, DELETE ON counter TO ${appRole}`,
      );
      await client.end();
    },
  });
  database = await template.cloneDatabase();
});
beforeEach(async () => {
  pool = open();
  await pool.query("DELETE FROM counter; INSERT INTO counter VALUES ('a', 0), ('b', 0)");
});
afterEach(() => pool.end());
afterAll(() => database.drop());

const valueOf = async (id: string): Promise<number | undefined> =>
  (await pool.query<{ value: number }>('SELECT value FROM counter WHERE id = $1', [id])).rows[0]
    ?.value;

/** Ends all connections of the sample's pools, as a restart of the server would. */
async function cutConnections(): Promise<void> {
  const admin = new pg.Client({ connectionString: database.adminUrl });
  await admin.connect();
  await admin.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sample'",
  );
  await admin.end();
}

describe('createPool', () => {
  it('names itself to the server and limits what a statement may take', async () => {
    const { rows } = await pool.query(
      "SELECT current_setting('application_name') AS name, current_setting('statement_timeout') AS limit",
    );
    expect(rows).toEqual([{ name: 'sample', limit: '15s' }]);
    const short = open({ statementTimeoutMs: 50 });
    await expect(short.query('SELECT pg_sleep(30)')).rejects.toMatchObject({ code: '57014' });
    await short.end();
  });

  it('survives that the server ends its connections, idle or checked out', async () => {
    const client = await pool.connect();
    await pool.query('SELECT 1');
    await cutConnections();
    await eventually(() => expect(lines.join('')).toContain('database connection lost'));
    await expect(client.query('SELECT 1')).rejects.toThrow();
    client.release(true);
    await ping(pool);
  });

  it('gives up waiting for a connection', async () => {
    const small = open({ max: 1, connectTimeoutMs: 50 });
    const client = await small.connect();
    const refused: unknown = await small.query('SELECT 1').catch((error: unknown) => error);
    expect(unavailableCause(refused)).toMatch(/Try again/);
    client.release();
    await small.end();
  });

  it('shows its connections in the metrics', async () => {
    const metrics = createMetrics('sample');
    const watched = open({ metrics, max: 1 });
    const client = await watched.connect();
    const waiting = watched.query('SELECT 1');
    const text = await metrics.registry.metrics();
    expect(text).toContain('pg_pool_connections{pool="sample",state="busy",service="sample"} 1');
    expect(text).toContain('pg_pool_connections{pool="sample",state="waiting",service="sample"} 1');
    client.release();
    await waiting;
    await watched.end();
  });
});

describe('ping', () => {
  it('throws when nobody is there, or nobody lets us in', async () => {
    const gone = open({ url: `postgres://x:y@127.0.0.1:${await freePort()}/x` });
    const refused: unknown = await ping(gone).catch((error: unknown) => error);
    expect(unavailableCause(refused)).toMatch(/cannot be reached right now/);
    await gone.end();
    const wrong = new URL(database.url);
    wrong.password = 'wrong';
    const stranger = open({ url: wrong.href });
    const rejected: unknown = await ping(stranger).catch((error: unknown) => error);
    expect(rejected).toMatchObject({ code: '28P01' });
    expect(unavailableCause(rejected)).toBeUndefined();
    await stranger.end();
  });

  it('takes a database that lets nobody in for one that is away', async () => {
    const shut = await (await createTemplate({ service: 'shut' })).cloneDatabase();
    const server = new URL(shut.adminUrl);
    server.pathname = '/postgres';
    const admin = open({ url: server.href });
    const guest = open({ url: shut.url });
    await admin.query(`ALTER DATABASE ${shut.name} ALLOW_CONNECTIONS false`);
    const rejected: unknown = await ping(guest).catch((error: unknown) => error);
    await admin.query(`ALTER DATABASE ${shut.name} ALLOW_CONNECTIONS true`);
    await Promise.all([admin.end(), guest.end()]);
    await shut.drop();
    expect(rejected).toMatchObject({ code: '55000', severity: 'FATAL' });
    expect(unavailableCause(rejected)).toMatch(/cannot be reached right now/);
    expect(unavailableCause(Object.assign(new Error(), { code: '55000' }))).toBeUndefined();
  });
});

describe('withTransaction', () => {
  it('commits what its work did', async () => {
    const result = await withTransaction(pool, async (client) => {
      await client.query("UPDATE counter SET value = 1 WHERE id = 'a'");
      return 'done';
    });
    expect(result).toBe('done');
    expect(await valueOf('a')).toBe(1);
    expect(pool.idleCount).toBe(pool.totalCount);
  });

  it('rolls back what its work did before it failed, and gives the connection back', async () => {
    const failing = withTransaction(pool, async (client) => {
      await client.query("UPDATE counter SET value = 1 WHERE id = 'a'");
      throw new Error('mine');
    });
    await expect(failing).rejects.toThrow('mine');
    expect(await valueOf('a')).toBe(0);
    expect(pool.idleCount).toBe(pool.totalCount);
  });

  it('does not pretend to have committed where a failed statement was ignored', async () => {
    const careless = withTransaction(pool, async (client) => {
      await client.query("UPDATE counter SET value = 1 WHERE id = 'a'");
      await client.query('SELECT 1/0').catch(() => undefined);
    });
    await expect(careless).rejects.toThrow(/rolled back: a failed statement in it was ignored/);
    expect(await valueOf('a')).toBe(0);
  });

  it('throws away a connection that broke within it', async () => {
    const broken = withTransaction(pool, async (client) => {
      await client.query("UPDATE counter SET value = 1 WHERE id = 'a'");
      await cutConnections();
      await client.query('SELECT 1');
    });
    await expect(broken).rejects.toThrow();
    expect(await valueOf('a')).toBe(0);
  });

  it('runs again after a serialization failure, until all have counted', async () => {
    let runs = 0;
    let meet: () => void = () => undefined;
    const allHaveRead = new Promise<void>((resolve) => (meet = resolve));
    const count = (): Promise<void> =>
      withTransaction(
        pool,
        async (client) => {
          const { rows } = await client.query<{ value: number }>(
            "SELECT value FROM counter WHERE id = 'a'",
          );
          runs += 1;
          if (runs === 3) meet();
          await allHaveRead;
          const next = (rows[0]?.value ?? 0) + 1;
          await client.query("UPDATE counter SET value = $1 WHERE id = 'a'", [next]);
        },
        { isolation: 'serializable' },
      );
    await Promise.all([count(), count(), count()]);
    expect(await valueOf('a')).toBe(3);
    expect(runs).toBeGreaterThanOrEqual(5);
  });

  it('runs again after a deadlock', async () => {
    let runs = 0;
    let meet: () => void = () => undefined;
    const bothHold = new Promise<void>((resolve) => (meet = resolve));
    const inOrder = (first: string, second: string): Promise<void> =>
      withTransaction(pool, async (client) => {
        runs += 1;
        await client.query('UPDATE counter SET value = value + 1 WHERE id = $1', [first]);
        if (runs === 2) meet();
        await bothHold;
        await client.query('UPDATE counter SET value = value + 1 WHERE id = $1', [second]);
      });
    await Promise.all([inOrder('a', 'b'), inOrder('b', 'a')]);
    expect(runs).toBe(3);
    expect([await valueOf('a'), await valueOf('b')]).toEqual([2, 2]);
  });

  it.each([
    ['40001', 4],
    ['40P01', 4],
    ['23505', 1],
  ])('runs a transaction that always fails with %s %d times', async (code, expected) => {
    let runs = 0;
    const failing = withTransaction(pool, async (client) => {
      runs += 1;
      await client.query(`DO $$ BEGIN RAISE EXCEPTION 'mine' USING ERRCODE = '${code}'; END $$`);
    });
    await expect(failing).rejects.toMatchObject({ code });
    expect(runs).toBe(expected);
  });
});
