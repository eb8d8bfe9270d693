import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startEmbeddedPostgres } from '@newscience/embedded-postgres/server';
import { ensureServiceDatabase, roleUrl } from '@newscience/embedded-postgres/service-database';
import type { BenchmarkContext } from '@newscience/measure/benchmark';
import { createLogger } from '@newscience/service-kit/logging';
import { migrate } from '@newscience/service-kit/migrations';
import { createPool } from '@newscience/service-kit/postgres';
import { freePort } from '@newscience/testing/free-port';
import { type ServiceProcess, startService } from '@newscience/testing/service-process';
import pg from 'pg';

import { createPostgresBucketStore } from '../src/postgres/bucket-store.ts';
import { bottomless } from './bottomless.ts';

/** A durable PostgreSQL as `npm start` runs it, with this library's tables. */
async function openDatabase(context: BenchmarkContext): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'newscience-bench-'));
  chmodSync(folder, 0o711); // PostgreSQL may run as another account
  context.cleanUp(() => rmSync(folder, { recursive: true, force: true }));
  const server = await startEmbeddedPostgres({
    dataDir: join(folder, 'postgres'),
    logFile: join(folder, 'postgres.log'),
    port: await freePort(),
  });
  if (!server.ok) throw new Error(server.error.detail);
  context.cleanUp(() => server.value.stop());
  const role = (name: string) => ({ name, password: randomBytes(18).toString('base64url') });
  const [owner, app] = [role('bench_owner'), role('bench')];
  const admin = new pg.Client({ connectionString: server.value.adminUrl });
  await admin.connect();
  const query = (sql: string, values: readonly unknown[] = []) =>
    admin.query<Record<string, unknown>>(sql, [...values]);
  await ensureServiceDatabase(query, { database: 'bench', owner, app });
  const version = await admin.query<{ v: string }>("SELECT current_setting('server_version') AS v");
  context.version('postgres', version.rows[0]?.v ?? 'unknown');
  await admin.end();
  await migrate({
    databaseUrl: roleUrl(server.value.adminUrl, 'bench', owner),
    directory: join(import.meta.dirname, '../migrations'),
    appRole: app.name,
  });
  return roleUrl(server.value.adminUrl, 'bench', app);
}

/** Tokens a second that so many processes take together from one bucket, as the bucket itself counts them. */
export async function measureSharedBucket(context: BenchmarkContext): Promise<void> {
  const url = await openDatabase(context);
  const logger = createLogger({ service: 'bench', level: 'silent' });
  const pool = createPool({ url, applicationName: 'bench', logger, max: 1 });
  context.cleanUp(() => pool.end());
  const store = createPostgresBucketStore(pool);
  const file = join(import.meta.dirname, 'bucket-taker.ts');
  const takers: ServiceProcess[] = [];
  context.cleanUp(() => Promise.all(takers.map((taker) => taker.stop())));
  for (const count of [1, 4, 16]) {
    while (takers.length < count)
      takers.push(await startService({ file, env: { DATABASE_URL: url } }));
    for (let round = 1; round <= context.rounds; round += 1) {
      context.progress(`shared bucket, ${count} processes, round ${round} of ${context.rounds}`);
      const began = performance.now();
      const before = await store.tokens(bottomless);
      await sleep(context.parameter('seconds') * 1000);
      const taken = before - (await store.tokens(bottomless));
      const seconds = (performance.now() - began) / 1000;
      context.record(`shared bucket, ${count} processes`, (taken + seconds) / seconds, 'tokens/s');
    }
  }
}
