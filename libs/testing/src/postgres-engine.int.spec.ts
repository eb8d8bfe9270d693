import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { type PostgresEngine, startPostgresEngine } from './postgres-engine.ts';

describe('a PostgreSQL of a test', () => {
  const folder = mkdtempSync(join(tmpdir(), 'newscience-engine-test-'));
  let engine: PostgresEngine;
  beforeAll(async () => {
    engine = await startPostgresEngine({ folder });
  });
  afterAll(() => engine.remove());

  const asked = async (url: string, sql: string): Promise<unknown[]> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  };

  it('keeps what was committed when it is killed and started again', async () => {
    const { ownerUrl, url, appRole } = await engine.database({ database: 'shop' });
    await asked(ownerUrl, `CREATE TABLE kept AS SELECT 7 AS n; GRANT SELECT ON kept TO ${appRole}`);
    const { pid } = engine;
    await engine.crash();
    await expect(asked(url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
    await engine.start();
    expect(engine.pid).not.toBe(pid);
    expect(await asked(url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('keeps each role to its own database', async () => {
    const { adminUrl } = await engine.database({ database: 'one', app: 'first' });
    const { url } = await engine.database({ database: 'two' });
    const stranger = new URL(url);
    stranger.pathname = new URL(adminUrl).pathname;
    await expect(asked(stranger.href, 'SELECT 1')).rejects.toThrow('permission denied');
  });

  it('takes a database away while the others go on, and gives it back', async () => {
    const { url, name } = await engine.database({ database: 'away' });
    const other = await engine.database({ database: 'there' });
    const client = new pg.Client({ connectionString: url });
    const lost = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    const giveBack = await engine.takeAway(name);
    await lost;
    await expect(asked(url, 'SELECT 1')).rejects.toThrow('not currently accepting connections');
    expect(await asked(other.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await giveBack();
    expect(await asked(url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  it('removes what a killed run has left behind', async () => {
    const orphan = join(tmpdir(), 'newscience-engine-999999999-x');
    mkdirSync(orphan);
    const other = await startPostgresEngine();
    expect(existsSync(orphan)).toBe(false);
    await other.remove();
  });

  it('stops, starts, and leaves nothing behind', async () => {
    await engine.stop();
    await engine.start();
    await engine.start();
    expect(await asked(engine.adminUrl, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await engine.remove();
    await engine.remove();
    expect(existsSync(folder)).toBe(false);
  });
});
