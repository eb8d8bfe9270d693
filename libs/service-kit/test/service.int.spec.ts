import { fork, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import { startService } from '@newscience/testing/service-process';
import type { ServiceProcess } from '@newscience/testing/service-process';
import { createTemplate } from '@newscience/testing/template-database';
import type { TestDatabase } from '@newscience/testing/template-database';
import pg from 'pg';
import { z } from 'zod';

const file = join(import.meta.dirname, 'example-service.ts');
const readyMessage = z.object({ type: z.literal('ready'), port: z.number() });
let database: TestDatabase;
let service: ServiceProcess | undefined;

beforeAll(async () => {
  database = await (await createTemplate({ service: 'example' })).cloneDatabase();
});
afterEach(async () => {
  await service?.stop();
  service = undefined;
});
afterAll(() => database.drop());

const environment = (): Record<string, string> => ({
  PORT: '0',
  DATABASE_URL: database.url,
  GREETING: 'Hello',
});

async function start(
  env: Record<string, string> = {},
): Promise<{ service: ServiceProcess; url: string }> {
  service = await startService({ file, env: { ...environment(), ...env } });
  return { service, url: `http://127.0.0.1:${readyMessage.parse(service.ready()).port}` };
}

async function admin(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: database.adminUrl });
  await client.connect();
  await client.query(sql);
  await client.end();
}

describe('a service of the kit', () => {
  it('is started with fewer than 30 lines', () => {
    const lines = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '');
    expect(lines.length).toBeLessThan(30);
  });

  it('works', async () => {
    const { url } = await start();
    expect(await (await fetch(`${url}/greetings/Ada`)).json()).toEqual({ text: 'Hello, Ada' });
    expect((await fetch(`${url}/greetings/${'x'.repeat(21)}`)).status).toBe(400);
    expect(await (await fetch(`${url}/health/ready`)).json()).toMatchObject({
      status: 'ready',
      checks: { database: { status: 'ok' } },
    });
    expect(await (await fetch(`${url}/metrics`)).text()).toContain(
      'pg_pool_connections{pool="example",state="idle",service="example"} 1',
    );
  });

  it('tells all that is wrong with its settings, shows no secret, and exits with 78', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
      encoding: 'utf8',
      env: {
        PORT: 'http',
        LOG_LEVEL: 'loud',
        DATABASE_URL: 'mysql://app:hunter2@db/x',
        OTEL_EXPORTER_OTLP_ENDPOINT: 'collector',
      },
    });
    expect(status).toBe(78);
    expect(stdout).toBe('');
    expect(stderr.replace(/^.*Warning.*\n/gm, '')).toBe(
      [
        'example cannot start: 5 settings are wrong:',
        '  PORT=http is not a whole number.',
        '    Give a port number from 0 (any free one) to 65535, such as 8080.',
        '  LOG_LEVEL=loud is not one of the known values.',
        '    Give one of trace, debug, info, warn, error, fatal, silent.',
        '  OTEL_EXPORTER_OTLP_ENDPOINT=collector is not a URL.',
        '    Give a full URL that starts with http:// or https://.',
        '  DATABASE_URL=[hidden] has a scheme other than postgres.',
        '    Give a full URL that starts with postgres://.',
        '  GREETING is missing.',
        '    Give a text of 1 to 40 characters.',
        '',
      ].join('\n'),
    );
  });

  it('says in one line that its port is taken, and exits with 1', async () => {
    const { url } = await start();
    const { status, stdout } = spawnSync(process.execPath, [file], {
      encoding: 'utf8',
      env: { ...environment(), PORT: new URL(url).port },
    });
    expect(status).toBe(1);
    expect(stdout).toContain('another program uses it. Stop that program or choose another port.');
    expect(stdout).toContain('"level":"fatal"');
  });

  it('finishes the request in flight on SIGTERM, in order, and exits with 0', async () => {
    const { service: running, url } = await start();
    const response = await fetch(`${url}/slow?ms=600`);
    const ended = running.kill('SIGTERM');
    await eventually(() => expect(running.output()).toContain('shutting down'));
    await expect(fetch(`${url}/greetings/late`)).rejects.toThrow();
    expect(await response.text()).toBe('begun\ndone\n');
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(running.output()).not.toContain('"level":"error"');
    expect(running.output()).toContain('"msg":"shut down"');
  });

  it('does not wait for ever: what is in flight at the deadline is cut off', async () => {
    const { service: running, url } = await start();
    const response = await fetch(`${url}/slow?ms=60000`);
    const body = response.text().then(
      () => 'whole',
      () => 'broken off',
    );
    expect(await running.kill('SIGINT')).toEqual({ code: 0, signal: null });
    expect(await body).toBe('broken off');
    expect(running.output()).toContain('connections were cut off at the deadline');
  });

  it('takes a second signal calmly', async () => {
    const { service: running, url } = await start();
    const response = await fetch(`${url}/slow?ms=500`);
    process.kill(running.pid, 'SIGINT');
    process.kill(running.pid, 'SIGTERM');
    expect(await response.text()).toBe('begun\ndone\n');
    expect(await running.exited()).toEqual({ code: 0, signal: null });
  });

  it('is alive but unready while its database is away, and recovers by itself', async () => {
    const own = await (await createTemplate({ service: 'example' })).cloneDatabase();
    const { url } = await start({ DATABASE_URL: own.url });
    const ready = async (): Promise<number> => (await fetch(`${url}/health/ready`)).status;
    expect(await ready()).toBe(200);
    await admin(`ALTER DATABASE ${own.name} ALLOW_CONNECTIONS false`);
    await admin(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${own.name}'`,
    );
    await eventually(async () => expect(await ready()).toBe(503));
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    await admin(`ALTER DATABASE ${own.name} ALLOW_CONNECTIONS true`);
    await eventually(async () => expect(await ready()).toBe(200));
    expect((await fetch(`${url}/greetings/Ada`)).status).toBe(200);
    await service?.stop();
    await own.drop();
  });

  it('ends with 1 and says why when an error is handled by nobody', async () => {
    const { service: running, url } = await start();
    await fetch(`${url}/unhandled`).catch(() => undefined);
    expect((await running.exited()).code).toBe(1);
    expect(running.output()).toContain('nobody handles this');
    expect(running.output()).toContain('"level":"fatal"');
  });

  it('goes when its parent was killed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'newscience-parent-'));
    const log = join(folder, 'example.log');
    const parent = fork(join(import.meta.dirname, 'parent-process.ts'), [file, log], {
      env: environment(),
      execArgv: ['--disable-warning=ExperimentalWarning'],
      silent: true,
    });
    const told = await new Promise((resolve) => parent.once('message', resolve));
    const { message } = z.object({ pid: z.number(), message: readyMessage }).parse(told);
    expect((await fetch(`http://127.0.0.1:${message.port}/health/live`)).status).toBe(200);
    parent.kill('SIGKILL');
    await eventually(() => expect(readFileSync(log, 'utf8')).toContain('"msg":"shut down"'));
    expect(readFileSync(log, 'utf8')).toContain('"reason":"parent is gone"');
    await expect(fetch(`http://127.0.0.1:${message.port}/health/live`)).rejects.toThrow();
    rmSync(folder, { recursive: true, force: true });
  });
});
