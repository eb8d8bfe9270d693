import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createTemplate } from '@newscience/testing/template-database';
import type { TestDatabase } from '@newscience/testing/template-database';
import pg from 'pg';

import { migrate } from './migrations.ts';

let folder: string;
let directory: string;
let database: TestDatabase;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'newscience-migrations-'));
  directory = join(folder, 'migrations');
  mkdirSync(directory);
  database = await (await createTemplate({ service: 'sample' })).cloneDatabase();
});
afterEach(async () => {
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const file = (name: string, sql: string): void => writeFileSync(join(directory, name), sql);
const run = (): Promise<string[]> =>
  migrate({ databaseUrl: database.ownerUrl, directory, appRole: new URL(database.url).username });

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('migrate', () => {
  it('applies numbered files in order, once, and later only what is new', async () => {
    file('0002_more.sql', 'ALTER TABLE a ADD COLUMN more int;');
    file(
      '0001_start.sql',
      'CREATE TABLE a (id int PRIMARY KEY);\nCREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$;',
    );
    file('0010_last.sql', 'CREATE TABLE b (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY);');
    expect(await run()).toEqual(['0001_start', '0002_more', '0010_last']);
    expect(await run()).toEqual([]);
    file('0011_new.sql', 'CREATE TABLE c (id serial PRIMARY KEY);');
    expect(await run()).toEqual(['0011_new']);
  });

  it('leaves nothing of a file that fails, keeps those before it, and goes on when it is mended', async () => {
    file('0001_start.sql', 'CREATE TABLE a (id int);');
    file('0002_broken.sql', 'CREATE TABLE b (id int); SELECT nonsense;');
    await expect(run()).rejects.toThrow(/nonsense/);
    expect(
      await query(
        database.ownerUrl,
        "SELECT to_regclass('a') IS NOT NULL AS a, to_regclass('b') IS NOT NULL AS b",
      ),
    ).toEqual([{ a: true, b: false }]);
    file('0002_broken.sql', 'CREATE TABLE b (id int);');
    expect(await run()).toEqual(['0002_broken']);
  });

  it('refuses a file that was slipped in before those that were applied', async () => {
    file('0002_start.sql', 'CREATE TABLE a (id int);');
    await run();
    file('0001_earlier.sql', 'CREATE TABLE b (id int);');
    await expect(run()).rejects.toThrow(
      /0001_earlier is preceding already run migration 0002_start/,
    );
  });

  it('lets the app role read and write rows, of later tables too, and nothing else', async () => {
    file(
      '0001_start.sql',
      'CREATE TABLE a (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, x int); CREATE TABLE s (id serial, x int);',
    );
    await run();
    file('0002_more.sql', 'CREATE TABLE later (id serial, x int);');
    await run();
    for (const table of ['a', 's', 'later']) {
      await query(
        database.url,
        `INSERT INTO ${table} (x) VALUES (1); UPDATE ${table} SET x = 2; SELECT * FROM ${table}; DELETE FROM ${table}`,
      );
    }
    for (const forbidden of [
      'TRUNCATE a',
      'DROP TABLE a',
      'ALTER TABLE a ADD COLUMN y int',
      'CREATE TABLE mine (id int)',
      "INSERT INTO schema_migrations (name, run_on) VALUES ('x', now())",
      'DELETE FROM schema_migrations',
    ]) {
      await expect(query(database.url, forbidden)).rejects.toMatchObject({ code: '42501' });
    }
    expect(
      await query(database.url, 'SELECT name FROM schema_migrations ORDER BY id'),
    ).toHaveLength(2);
  });

  it('says which role is missing', async () => {
    await expect(
      migrate({ databaseUrl: database.ownerUrl, directory, appRole: 'nobody"; DROP TABLE a; --' }),
    ).rejects.toThrow(/role "nobody"; DROP TABLE a; --" does not exist/);
  });
});

/** A service's `src/migrate.ts`, run as a process of its own. */
async function runMain(
  env: Record<string, string>,
): Promise<{ code: number | null; out: string; error: string }> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(folder, 'src', 'migrate.ts')],
    { env },
  );
  const text = { out: '', error: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text.out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text.error += chunk));
  await once(child, 'close');
  return { code: child.exitCode, ...text };
}

describe('migrateMain', () => {
  const env = (): Record<string, string> => ({
    DATABASE_URL: database.ownerUrl,
    APP_ROLE: new URL(database.url).username,
  });

  beforeEach(() => {
    mkdirSync(join(folder, 'src'));
    const kit = join(import.meta.dirname, 'migrations.ts');
    writeFileSync(
      join(folder, 'src', 'migrate.ts'),
      `import { migrateMain } from '${kit}';\nawait migrateMain(import.meta);\n`,
    );
  });

  it('applies each migration once when twenty processes start at once', async () => {
    file(
      '0001_start.sql',
      'CREATE TABLE a (id int); INSERT INTO a VALUES (1); SELECT pg_sleep(0.2);',
    );
    file('0002_more.sql', 'INSERT INTO a VALUES (2); CREATE TABLE b (id int);');
    const runs = await Promise.all(Array.from({ length: 20 }, () => runMain(env())));
    expect(runs.map(({ code, error }) => ({ code, error }))).toEqual(
      runs.map(() => ({ code: 0, error: '' })),
    );
    expect(runs.map(({ out }) => out).sort()).toEqual([
      'Applied 0001_start, 0002_more.\n',
      ...Array.from({ length: 19 }, () => 'No migration was pending.\n'),
    ]);
    expect(await query(database.ownerUrl, 'SELECT id FROM a ORDER BY id')).toEqual([
      { id: 1 },
      { id: 2 },
    ]);
  }, 120_000);

  it('goes on where one that was killed in the middle has left off', async () => {
    file('0001_start.sql', 'CREATE TABLE a (id int);');
    file('0002_slow.sql', 'CREATE TABLE b (id int); SELECT pg_sleep(60);');
    const child = spawn(process.execPath, [join(folder, 'src', 'migrate.ts')], {
      env: env(),
      stdio: 'ignore',
    });
    const sleeping =
      "SELECT 1 FROM pg_stat_activity WHERE application_name = 'migrate' AND datname = current_database() AND query LIKE '%pg_sleep%' AND state = 'active'";
    while ((await query(database.adminUrl, sleeping)).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill('SIGKILL');
    await once(child, 'close');
    file('0002_slow.sql', 'CREATE TABLE b (id int);');
    expect(await runMain(env())).toMatchObject({ code: 0, out: 'Applied 0002_slow.\n' });
  });

  it('tells all that is wrong with its settings and exits with 78', async () => {
    const { code, error } = await runMain({ DATABASE_URL: 'http://u:hunter2@h' });
    expect(code).toBe(78);
    expect(error).toContain('2 settings are wrong');
    expect(error).toContain('APP_ROLE is missing');
    expect(error).not.toContain('hunter2');
  });

  it('says why it failed and exits with 1', async () => {
    file('0001_broken.sql', 'SELECT nonsense;');
    const { code, error } = await runMain(env());
    expect(code).toBe(1);
    expect(error).toMatch(/^The migration failed: .*nonsense/);
  });
});
