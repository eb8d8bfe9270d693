import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import {
  createTemplate,
  type DatabaseTemplate,
  type Migrate,
  type TestDatabase,
} from './template-database.ts';

async function rows(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('template databases', () => {
  const migrationsDir = mkdtempSync(join(tmpdir(), 'newscience-migrations-'));
  let runs = 0;
  const migrate: Migrate = async ({ databaseUrl, appRole }) => {
    runs += 1;
    await rows(
      databaseUrl,
      `CREATE TABLE note (id int PRIMARY KEY); GRANT SELECT, INSERT ON note TO ${appRole}`,
    );
  };
  const options = {
    service: 'note-keeper',
    migrationsDir,
    migrate,
    prepare: ({ ownerUrl }: { ownerUrl: string }) =>
      rows(ownerUrl, 'INSERT INTO note VALUES (1)').then(() => undefined),
  };
  let template: DatabaseTemplate;
  let first: TestDatabase;
  let second: TestDatabase;

  beforeAll(async () => {
    writeFileSync(join(migrationsDir, '0001_note.sql'), '-- made by the test');
    template = await createTemplate(options);
    [first, second] = await Promise.all([template.cloneDatabase(), template.cloneDatabase()]);
  });
  afterAll(async () => {
    await first.drop();
    await second.drop();
    rmSync(migrationsDir, { recursive: true });
  });

  it('clones what the template holds, each clone for itself', async () => {
    await rows(first.url, 'INSERT INTO note VALUES (2)');
    expect(await rows(first.url, 'SELECT id FROM note ORDER BY id')).toEqual([
      { id: 1 },
      { id: 2 },
    ]);
    expect(await rows(second.url, 'SELECT id FROM note ORDER BY id')).toEqual([{ id: 1 }]);
  });

  it('makes a template once per content', async () => {
    expect((await createTemplate(options)).name).toBe(template.name);
    expect(runs).toBe(1);
    writeFileSync(join(migrationsDir, '0002_more.sql'), '-- changed');
    expect((await createTemplate(options)).name).not.toBe(template.name);
    expect(runs).toBe(2);
  });

  it('gives the app role no DDL, and no other database', async () => {
    await expect(rows(first.url, 'CREATE TABLE other (id int)')).rejects.toThrow(
      'permission denied for schema public',
    );
    await expect(rows(first.url, 'TRUNCATE note')).rejects.toThrow('permission denied');
    for (const database of ['postgres', 'template1']) {
      const elsewhere = new URL(first.url);
      elsewhere.pathname = `/${database}`;
      await expect(rows(elsewhere.href, 'SELECT 1')).rejects.toThrow(
        `permission denied for database "${database}"`,
      );
    }
  });

  it('drops a clone that is still in use', async () => {
    const third = await template.cloneDatabase();
    const client = new pg.Client({ connectionString: third.url });
    // pg reports the end once as the server's message and once as the lost connection.
    const ended = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    await third.drop();
    await ended;
    await expect(rows(third.url, 'SELECT 1')).rejects.toThrow('does not exist');
  });
});
