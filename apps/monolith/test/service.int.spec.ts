import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService } from '@newscience/testing/service-process';
import type { ServiceProcess } from '@newscience/testing/service-process';
import { createTemplate } from '@newscience/testing/template-database';
import type { TestDatabase } from '@newscience/testing/template-database';
import pg from 'pg';
import { z } from 'zod';
import { operator, password } from './monolith.ts';
import { createSiteClient } from './site-client.ts';

const source = (name: string) => join(import.meta.dirname, '../src', name);
const readyMessage = z.object({ port: z.int().min(1) });

let folder: string;
let database: TestDatabase;
const started: ServiceProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'newscience-monolith-'));
  database = await (await createTemplate({ service: 'monolith' })).cloneDatabase();
});
afterAll(async () => {
  await Promise.all(started.map((one) => one.stop()));
  await database.drop();
  rmSync(folder, { recursive: true });
});

/** Runs one of the service's programs to its end. */
async function run(
  name: string,
  env: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [source(name)], {
    env: { PATH: process.env['PATH'], NODE_NO_WARNINGS: '1', ...env },
    stdio: 'pipe',
  });
  let output = '';
  child.stdout.on('data', (part: Buffer) => (output += part.toString()));
  child.stderr.on('data', (part: Buffer) => (output += part.toString()));
  await once(child, 'close');
  return { code: child.exitCode, output };
}

const settings = (more: Record<string, string> = {}) => ({
  DATABASE_URL: database.url,
  PORT: '0',
  KEY_ENCRYPTION_SECRET: 'the same secret in all of the tests',
  BOOTSTRAP_OPERATOR_PASSWORD: password,
  MAIL_URL: pathToFileURL(folder).href,
  ...more,
});

async function start(more: Record<string, string> = {}) {
  const service = await startService({ file: source('main.ts'), env: settings(more) });
  started.push(service);
  return { service, url: `http://127.0.0.1:${readyMessage.parse(service.ready()).port}` };
}

describe('the monolith as a process', () => {
  it('says all that is wrong with its settings and ends with 78', async () => {
    const { code, output } = await run('main.ts', {
      DIGEST_AT: 'noon',
      KEY_ENCRYPTION_SECRET: 'short-secret',
    });
    expect(code).toBe(78);
    for (const name of ['DATABASE_URL', 'DIGEST_AT', 'KEY_ENCRYPTION_SECRET'])
      expect(output).toContain(name);
    expect(output).not.toContain('short-secret');
  });

  it('migrates in a process of its own, once, also when two start together', async () => {
    const appRole = new URL(database.url).username;
    const env = { DATABASE_URL: database.ownerUrl, APP_ROLE: appRole };
    const both = await Promise.all([run('migrate.ts', env), run('migrate.ts', env)]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.filter(({ output }) => output.includes('0001_accounts'))).toHaveLength(1);
    expect(await run('migrate.ts', env)).toEqual({
      code: 0,
      output: 'No migration was pending.\n',
    });
  });

  it('runs as a role that changes rows and no tables', async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    for (const statement of [
      'DROP TABLE usr',
      'ALTER TABLE usr ADD x int',
      'TRUNCATE usr',
      'CREATE TABLE x (x int)',
      'CREATE TEMP TABLE x (x int)',
      'DELETE FROM schema_migrations',
    ]) {
      const refused = await client.query(statement).then(
        () => 'was allowed',
        (error: unknown) => (error instanceof pg.DatabaseError ? error.code : String(error)),
      );
      // 42501: insufficient privilege, or not the owner.
      expect([statement, refused]).toEqual([statement, '42501']);
    }
    await client.end();
  });

  it('gives each table a primary key', async () => {
    const client = new pg.Client({ connectionString: database.ownerUrl });
    await client.connect();
    const { rows } = await client.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
          AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)`,
    );
    await client.end();
    expect(rows).toEqual([]);
  });

  it('starts, answers, says that it is ready, and ends in order', async () => {
    const { service, url } = await start();
    const client = createSiteClient(url);
    expect((await client.call('/health/ready')).body).toMatchObject({
      status: 'ready',
      checks: { database: { status: 'ok' } },
    });
    expect((await client.call('/')).status).toBe(200);
    const token = await client.token(operator.email);
    expect((await client.call('/api/v1/me', { token })).body).toMatchObject({ role: 'operator' });
    expect(await service.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(service.output()).not.toContain(password);
    expect(service.output()).not.toContain(token);
    expect(service.output()).not.toContain(new URL(database.url).password);
  });

  it('knows everybody again after a restart; tokens and keys hold', async () => {
    const { service, url } = await start();
    const token = await createSiteClient(url).token(operator.email);
    await service.kill('SIGKILL');
    const again = await start({ BOOTSTRAP_OPERATOR_PASSWORD: 'quite another password' });
    const client = createSiteClient(again.url);
    expect((await client.call('/api/v1/me', { token })).status).toBe(200);
    await expect(client.token(operator.email, 'quite another password')).rejects.toThrow('401');
    expect(await client.token(operator.email)).toEqual(expect.any(String));
  });

  it('does not start with another key secret, and says what to do', async () => {
    const { code, output } = await run(
      'main.ts',
      settings({ KEY_ENCRYPTION_SECRET: 'quite another secret than the first one' }),
    );
    expect(code).toBe(1);
    expect(output).toContain('does not open with KEY_ENCRYPTION_SECRET. Restore the secret');
  });

  it('does not start without its database', async () => {
    const { code, output } = await run(
      'main.ts',
      settings({ DATABASE_URL: 'postgres://monolith:secret-password@127.0.0.1:9/monolith' }),
    );
    expect(code).toBe(1);
    expect(output).toContain('ECONNREFUSED');
    expect(output).not.toContain('secret-password');
  });
});
