import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { isAlive } from '@newscience/embedded-postgres/process-table';
import { readPidFile } from '@newscience/embedded-postgres/pid-file';
import { eventually } from '@newscience/testing/eventually';
import { freePortRange } from '@newscience/testing/free-port';
import pg from 'pg';
import { z } from 'zod';

import { get, launch, type Launched } from './launched.ts';

// Several starts a test, on a machine that may do other things too.
jest.setTimeout(150_000);

describe('the launcher', () => {
  let folder: string;
  let dataDir: string;
  let journal: string;
  let base: number;
  const launchers: Launched[] = [];

  const start = (
    options: { args?: string[]; env?: Record<string, string>; port?: number } = {},
  ): Launched => {
    const launched = launch(dataDir, options.port ?? base, {
      ...options,
      env: { JOURNAL: journal, ...options.env },
    });
    launchers.push(launched);
    return launched;
  };
  const ready = async (options: Parameters<typeof start>[0] = {}): Promise<Launched> => {
    const launched = start(options);
    await launched.ready();
    return launched;
  };
  const stop = async (launched: Launched): Promise<number | null> => {
    launched.process.kill('SIGTERM');
    return launched.exit();
  };
  const entries = (): string[] =>
    existsSync(journal) ? readFileSync(journal, 'utf8').trim().split('\n') : [];
  const postgresPid = (): number => readPidFile(join(dataDir, 'postgres'))?.pid ?? 0;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'newscience-launcher-'));
    dataDir = join(folder, 'data');
    journal = join(folder, 'journal');
    base = await freePortRange([1, 2, 9]);
  });
  afterEach(async () => {
    for (const launched of launchers.splice(0)) {
      const { exitCode, signalCode } = launched.process;
      if (exitCode === null && signalCode === null) await stop(launched);
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it('starts everything, says what runs where, and keeps secrets to its user', async () => {
    const launched = start();
    const last = await launched.ready();
    expect(last).toMatchObject({ url: launched.url, operatorUrl: `http://127.0.0.1:${base + 1}` });
    const done = launched
      .events()
      .filter(({ state }) => state === 'done')
      .map(({ step }) => step);
    expect(done).toEqual(
      expect.arrayContaining([
        'postgres',
        'databases',
        'migrations',
        'samples',
        'back',
        'front',
        'site',
      ]),
    );
    expect(await get(`${launched.backUrl}/rows`)).toBe('4'); // three of the sample, one of this visit
    expect(launched.instance().services.map(({ name }) => name)).toEqual(['back', 'front']);
    const secrets = readdirSync(join(dataDir, 'secrets')).map((name) =>
      join(dataDir, 'secrets', name),
    );
    expect(secrets).toHaveLength(8);
    for (const file of [
      ...secrets,
      join(dataDir, 'instance.json'),
      join(dataDir, 'credentials.json'),
    ]) {
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
    expect(
      launched
        .events()
        .map((event) => JSON.stringify(event))
        .join(),
    ).not.toContain(readFileSync(secrets[0] ?? '', 'utf8').trim());
  });

  it('gives each service a role that can use its own database, and only that', async () => {
    const launched = await ready();
    const secret = (name: string): string =>
      readFileSync(join(dataDir, 'secrets', `${name}.secret`), 'utf8').trim();
    const attempt = async (
      role: string,
      password: string,
      database: string,
      sql = 'SELECT 1',
    ): Promise<string> => {
      const client = new pg.Client({
        host: '127.0.0.1',
        port: base + 9,
        user: role,
        password,
        database,
      });
      try {
        await client.connect();
        await client.query(sql);
        return 'yes';
      } catch (error) {
        return String(error).replace(/^error: /, '');
      } finally {
        await client.end();
      }
    };
    for (const [role, file, own] of [
      ['back', 'back', 'back'],
      ['back_owner', 'back-owner', 'back'],
      ['front', 'front', 'front'],
      ['front_owner', 'front-owner', 'front'],
      ['bus', 'bus', 'bus'],
      ['bus_owner', 'bus-owner', 'bus'],
      ['back_reader', 'back-reader', 'back'],
    ] as const) {
      for (const database of ['back', 'front', 'bus', 'postgres', 'template1']) {
        const expected = database === own ? 'yes' : `permission denied for database "${database}"`;
        expect([role, database, await attempt(role, secret(file), database)]).toEqual([
          role,
          database,
          expected,
        ]);
      }
    }
    expect(await get(`${launched.backUrl}/env/EVENT_BUS_URL`)).toBe(
      `postgres://bus:${secret('bus')}@127.0.0.1:${base + 9}/bus`,
    );
    expect(await get(`${launched.backUrl}/env/READER_URL`)).toBe(
      `postgres://back_reader:${secret('back-reader')}@127.0.0.1:${base + 9}/back`,
    );
    expect(await attempt('back', secret('back'), 'back', 'CREATE TABLE mine (id int)')).toContain(
      'permission denied',
    );
    expect(await attempt('back', secret('back'), 'back', 'DROP TABLE visit')).toContain(
      'must be owner',
    );
    expect(await attempt('back', secret('front'), 'back')).toContain(
      'password authentication failed',
    );
  });

  it('refuses a second start on the same data, in one sentence, and disturbs nothing', async () => {
    const first = await ready();
    const second = start({ port: await freePortRange([1, 2, 9]) });
    expect(await second.exit()).toBe(1);
    expect(second.events()).toEqual([
      expect.objectContaining({
        event: 'refused',
        detail: expect.stringContaining(`(process ${first.process.pid ?? 0})`),
      }),
    ]);
    expect(await get(first.url)).toBe('well');
    expect(first.instance().pid).toBe(first.process.pid);
  });

  it('starts a killed service again, and says so', async () => {
    const launched = await ready();
    const pid = Number(await get(`${launched.url}/pid`));
    process.kill(pid, 'SIGKILL');
    await launched.until({ event: 'service', service: 'front', state: 'crashed' });
    await launched.until({ event: 'service', service: 'front', state: 'back' });
    expect(Number(await get(`${launched.url}/pid`))).not.toBe(pid);
    expect(launched.instance().services.find(({ name }) => name === 'front')?.pid).toBe(
      Number(await get(`${launched.url}/pid`)),
    );
  });

  it('starts PostgreSQL again when it is killed, and no data is lost', async () => {
    const launched = await ready();
    expect(await get(`${launched.backUrl}/rows`)).toBe('4');
    const pid = postgresPid();
    process.kill(pid, 'SIGKILL');
    await launched.until({ event: 'service', service: 'postgres', state: 'back' });
    expect(postgresPid()).not.toBe(pid);
    expect(await eventually(() => get(`${launched.backUrl}/rows`))).toBe('5');
  });

  it('leaves a service down that keeps crashing, shows its last lines, and goes on', async () => {
    const launched = await ready();
    for (let crash = 0; crash < 3; crash += 1) {
      await eventually(() => get(`${launched.backUrl}/pid`));
      await get(`${launched.backUrl}/crash`).catch(() => undefined);
    }
    const down = await launched.until({ event: 'service', service: 'back', state: 'left_down' });
    expect(down['lastLines']).toEqual(['stand-in: crashing as asked']);
    expect(await get(launched.url)).toBe('well');
    expect(launched.instance().services).toEqual([
      { name: 'back', pid: null },
      { name: 'front', pid: expect.any(Number) },
    ]);
    expect(await stop(launched)).toBe(0);
  });

  it('stops in order on SIGTERM, finishes the requests in flight, and leaves nothing behind', async () => {
    const launched = await ready();
    const pids = [...launched.instance().services.map(({ pid }) => pid ?? 0), postgresPid()];
    const slow = get(`${launched.url}/slow`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await stop(launched)).toBe(0);
    expect(await slow).toBe('slow, but whole');
    expect(entries().slice(2)).toEqual([
      'front ending SIGTERM',
      'front down',
      'back ending SIGTERM',
      'back down',
    ]);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(readdirSync(dataDir).filter((name) => /\.json|\.new/.test(name))).toEqual([
      'credentials.json',
    ]);
    expect(readFileSync(join(dataDir, 'logs', 'postgres.log'), 'utf8')).toContain(
      'database system is shut down',
    );
  });

  it('stops in the middle of a start', async () => {
    const launched = start();
    await launched.until({ event: 'step', step: 'databases', state: 'started' });
    expect(await stop(launched)).toBe(0);
    expect(existsSync(join(dataDir, 'postgres', 'postmaster.pid'))).toBe(false);
    expect(existsSync(join(dataDir, 'launcher.json'))).toBe(false);
  });

  it('takes its services with it when it is killed, and the next start has all data', async () => {
    const killed = await ready();
    expect(await get(`${killed.backUrl}/rows`)).toBe('4');
    const pids = [...killed.instance().services.map(({ pid }) => pid ?? 0), postgresPid()];
    killed.process.kill('SIGKILL');
    await once(killed.process, 'exit');
    const next = await ready();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(entries()).toContain('front ending disconnect');
    expect(await get(`${next.backUrl}/rows`)).toBe('5'); // and no second sample
    expect(await stop(next)).toBe(0);
    expect(await get(`${(await ready()).backUrl}/rows`)).toBe('6');
  });

  it('ends with the npm that started it, which says nothing to it', async () => {
    const main = 'infra/local/test/launch-stand-ins.ts';
    const script = `"${process.execPath}" infra/run.mjs ${main} --json --data "${dataDir}" --port ${base}; true`;
    const shell = spawn('sh', ['-c', script], {
      cwd: join(import.meta.dirname, '..', '..', '..'),
      env: { ...process.env, npm_lifecycle_event: 'start', JOURNAL: journal },
      stdio: 'ignore',
    });
    const file = join(dataDir, 'instance.json');
    await eventually(() => expect(existsSync(file)).toBe(true), { withinMs: 100_000 });
    const { pid } = z.object({ pid: z.number() }).parse(JSON.parse(readFileSync(file, 'utf8')));
    shell.kill('SIGTERM');
    await eventually(() => expect(isAlive(pid)).toBe(false), { withinMs: 20_000 });
    expect(entries().slice(2)).toEqual([
      'front ending SIGTERM',
      'front down',
      'back ending SIGTERM',
      'back down',
    ]);
  });

  it('says in one sentence that there is no such corpus', async () => {
    const launched = start({ args: ['--corpus', join(folder, 'none.jsonl')] });
    expect(await launched.exit()).toBe(2);
    expect(launched.events().at(-1)?.detail).toContain('There is no file');
    expect(existsSync(dataDir)).toBe(false);
  });

  it('names a taken port, and leaves nothing running', async () => {
    const blocker = createServer().listen(base + 2, '127.0.0.1');
    await once(blocker, 'listening');
    const launched = start();
    expect(await launched.exit()).toBe(1);
    expect(launched.events()).toEqual([
      expect.objectContaining({
        event: 'refused',
        detail: `Port ${base + 2} on 127.0.0.1, wanted for the back, is taken by another program: end that program, or choose other ports with --port (needed now: ${base + 2}, ${base}, ${base + 9}).`,
      }),
    ]);
    await new Promise((resolve) => blocker.close(resolve));
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it('names a folder that cannot be written', async () => {
    writeFileSync(dataDir, 'a file where the folder should be');
    const launched = start();
    expect(await launched.exit()).toBe(1);
    expect(launched.events().at(-1)?.detail).toBe(
      `The folder ${dataDir} cannot be written by this user: make it writable, or choose another folder with --data.`,
    );
  });

  it('cannot start with a service that does not stay up, and shows why', async () => {
    const launched = start({ env: { CRASH_AT_START: 'yes' } });
    expect(await launched.exit()).toBe(1);
    expect(launched.events().at(-1)?.detail).toMatch(
      /^New Science cannot start because its (back|front) does not stay up: see .*\.log, then start again\.$/,
    );
    expect(launched.events().find(({ state }) => state === 'left_down')?.['lastLines']).toEqual([
      'stand-in: nothing works',
    ]);
    expect(existsSync(join(dataDir, 'postgres', 'postmaster.pid'))).toBe(false);
  });

  it('does not try again what a restart does not mend', async () => {
    const launched = start({ env: { WRONG_CONFIGURATION: 'yes' } });
    expect(await launched.exit()).toBe(1);
    expect(launched.events().filter(({ state }) => state === 'crashed')).toEqual([]);
  });

  it('starts afresh on --reset, which needs --yes where nobody can be asked', async () => {
    const first = await ready();
    await get(`${first.backUrl}/rows`);
    await stop(first);
    writeFileSync(join(dataDir, 'diary.txt'), 'not ours');
    const asked = start({ args: ['--reset'] });
    expect(await asked.exit()).toBe(2);
    expect(asked.events().at(-1)?.detail).toContain('add --yes');
    const second = await ready({ args: ['--reset', '--yes'] });
    expect(await get(`${second.backUrl}/rows`)).toBe('4');
    expect(existsSync(join(dataDir, 'diary.txt'))).toBe(true);
  });

  it('tells all faults of a command line, exit code 2', async () => {
    const launched = start({ args: ['--fast', '--yes'] });
    expect(await launched.exit()).toBe(2);
    expect(launched.errors().trim().split('\n')).toHaveLength(2);
  });
});
