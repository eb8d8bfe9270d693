import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';

import { readPidFile } from '../src/pid-file.ts';
import { isAlive } from '../src/process-table.ts';
import { type EmbeddedPostgres, type ServerOptions, startEmbeddedPostgres } from '../src/server.ts';

async function listening(): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function sql(server: EmbeddedPostgres, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.adminUrl });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

const count = (server: EmbeddedPostgres): Promise<unknown[]> =>
  sql(server, 'SELECT count(*)::int AS n FROM kept');

jest.setTimeout(120_000);

describe('embedded PostgreSQL', () => {
  let folder: string;
  let options: ServerOptions;
  const servers: EmbeddedPostgres[] = [];

  const start = async (part: Partial<ServerOptions> = {}): Promise<EmbeddedPostgres> => {
    const started = await startEmbeddedPostgres({ ...options, ...part });
    if (!started.ok) throw new Error(started.error.detail);
    servers.push(started.value);
    return started.value;
  };
  /** A server with one committed row, stopped. */
  const prepared = async (): Promise<void> => {
    const server = await start();
    await sql(server, 'CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)');
    await server.stop();
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'newscience-embedded-'));
    chmodSync(folder, 0o711);
    const { port, close } = await listening();
    await close();
    options = {
      dataDir: join(folder, 'data'),
      port,
      logFile: join(folder, 'postgres.log'),
      settings: { fsync: 'off' },
    };
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  it('is version 18, logical WAL, loopback, and keeps its data over a restart', async () => {
    const server = await start();
    expect(
      await sql(
        server,
        `SELECT current_setting('server_version_num')::int / 10000 AS major, current_setting('wal_level') AS wal, current_setting('listen_addresses') AS addresses, current_setting('data_checksums') AS checksums`,
      ),
    ).toEqual([{ major: 18, wal: 'logical', addresses: '127.0.0.1', checksums: 'on' }]);
    await sql(server, 'CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)');
    await server.stop();
    await server.exited;
    await server.stop();
    expect(await count(await start())).toEqual([{ n: 1 }]);
  });

  it('keeps the secret to its owner, and lets nobody in without it', async () => {
    const server = await start();
    if (process.platform !== 'win32')
      expect(statSync(`${options.dataDir}.secret`).mode & 0o777).toBe(0o600);
    const wrong = { ...server, adminUrl: server.adminUrl.replace(/:[^:@]+@/, ':wrong@') };
    await expect(sql(wrong, 'SELECT 1')).rejects.toThrow('password authentication failed');
    const rows = await sql(
      server,
      "SELECT rolpassword LIKE 'SCRAM-SHA-256$%' AS scram FROM pg_authid WHERE rolname = 'postgres'",
    );
    expect(rows).toEqual([{ scram: true }]);
  });

  it('starts below a folder that only its owner may enter', async () => {
    const closed = join(folder, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const server = await start({
      dataDir: join(closed, 'deep', 'data'),
      logFile: join(closed, 'postgres.log'),
    });
    expect(await sql(server, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('names a taken port', async () => {
    const { port, close } = await listening();
    expect(await startEmbeddedPostgres({ ...options, port })).toMatchObject({
      ok: false,
      error: { code: 'port_taken' },
    });
    await close();
  });

  it('names a folder that cannot be', async () => {
    writeFileSync(join(folder, 'file'), '');
    const result = await startEmbeddedPostgres({
      ...options,
      dataDir: join(folder, 'file', 'data'),
    });
    expect(result).toMatchObject({ ok: false, error: { code: 'not_writable' } });
  });

  it('leaves a folder alone that holds something else, or data of another version', async () => {
    mkdirSync(options.dataDir);
    writeFileSync(join(options.dataDir, 'diary.txt'), 'dear diary');
    expect(await startEmbeddedPostgres(options)).toMatchObject({
      ok: false,
      error: { code: 'incompatible_data' },
    });
    writeFileSync(join(options.dataDir, 'PG_VERSION'), '17\n');
    const result = await startEmbeddedPostgres(options);
    expect(result).toMatchObject({
      ok: false,
      error: { code: 'incompatible_data', detail: expect.stringContaining('PostgreSQL 17') },
    });
    expect(statSync(join(options.dataDir, 'diary.txt')).size).toBe(10);
  });

  it('refuses data that a living launcher uses', async () => {
    await start();
    expect(await startEmbeddedPostgres(options)).toMatchObject({
      ok: false,
      error: { code: 'in_use', detail: expect.stringContaining(`process ${process.pid}`) },
    });
  });

  it('takes over from a launcher that was killed', async () => {
    await prepared();
    const launcher = fork(
      join(import.meta.dirname, 'launcher.ts'),
      [options.dataDir, String(options.port)],
      { execArgv: ['--disable-warning=ExperimentalWarning'] },
    );
    const pid = await new Promise((resolve) => launcher.once('message', resolve));
    launcher.kill('SIGKILL');
    await once(launcher, 'exit');
    expect(await count(await start())).toEqual([{ n: 1 }]);
    expect(isAlive(Number(pid))).toBe(false);
  });

  it('stops a server that was left behind, and only then starts its own', async () => {
    await prepared();
    const maker = join(import.meta.dirname, 'orphan-maker.ts');
    const pid = Number(
      execFileSync(process.execPath, [maker, options.dataDir], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    );
    while (readPidFile(options.dataDir)?.ready !== true)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isAlive(pid)).toBe(true);
    expect(await count(await start())).toEqual([{ n: 1 }]);
    expect(isAlive(pid)).toBe(false);
  });

  it('is not kept from starting by a stale postmaster.pid, whatever its number now is', async () => {
    await prepared();
    const stale = (pid: number): string =>
      `${pid}\n${options.dataDir}\n1\n${options.port}\n\n127.0.0.1\n\nready   \n`;
    for (const pid of [4_000_000, process.pid]) {
      writeFileSync(join(options.dataDir, 'postmaster.pid'), stale(pid), { mode: 0o600 });
      const { uid, gid } = statSync(options.dataDir);
      chownSync(join(options.dataDir, 'postmaster.pid'), uid, gid);
      const server = await start();
      expect(await count(server)).toEqual([{ n: 1 }]);
      await server.stop();
    }
  });

  it('recovers after its own process was killed, with clients connected', async () => {
    await prepared();
    const server = await start();
    const client = new pg.Client({ connectionString: server.adminUrl });
    client.on('error', () => undefined);
    await client.connect();
    await client.query('INSERT INTO kept VALUES (2)');
    process.kill(server.pid, 'SIGKILL');
    await server.exited;
    expect(await count(await start())).toEqual([{ n: 2 }]);
  });

  it('makes its data again after a first start that was cut off', async () => {
    mkdirSync(`${options.dataDir}.new`);
    writeFileSync(join(`${options.dataDir}.new`, 'half'), '');
    const server = await start();
    expect(await sql(server, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});
