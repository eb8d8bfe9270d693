import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedPostgres } from '@newscience/embedded-postgres/server';
import { ensureServiceDatabase, roleUrl } from '@newscience/embedded-postgres/service-database';
import { migrate } from '@newscience/service-kit/migrations';
import { freePort } from '@newscience/testing/free-port';
import { startService } from '@newscience/testing/service-process';
import pg from 'pg';
import { z } from 'zod';

import type { ImpLine } from '../src/import/line.ts';
import { treeSeconds } from './processor-time.ts';

const operator = { email: 'operator@newscience.example', password: 'only for a benchmark' };
const started = z.object({ port: z.number() });
const token = z.object({ accessToken: z.string() });
const batchRun = z.object({
  id: z.number(),
  status: z.string(),
  durationMs: z.number().nullable(),
  articles: z.number(),
  rowsRead: z.number(),
  rowsWritten: z.number(),
  walBytes: z.number(),
  error: z.string().nullable(),
});
export type BatchRun = z.output<typeof batchRun>;

export type Laboratory = {
  /** Of the monolith, a process of its own. */
  url: string;
  postgresVersion: string;
  /** Processor time of monolith and PostgreSQL so far, in seconds, where it can be known. */
  processorSeconds: () => number | undefined;
  add: (articles: readonly ImpLine[]) => Promise<void>;
  /** Runs the batch as an operator does, and waits for its end. */
  runBatch: () => Promise<BatchRun>;
};

/**
 * The monolith and its PostgreSQL as `npm start` runs them (same settings, durable), with data and ports of
 * their own. `cleanUp` is told what has to be undone, in order.
 */
export async function openLaboratory(cleanUp: (undo: () => unknown) => void): Promise<Laboratory> {
  const folder = mkdtempSync(join(tmpdir(), 'newscience-bench-'));
  chmodSync(folder, 0o711); // PostgreSQL may run as another account
  cleanUp(() => rmSync(folder, { recursive: true, force: true }));
  const server = await startEmbeddedPostgres({
    dataDir: join(folder, 'postgres'),
    logFile: join(folder, 'postgres.log'),
    port: await freePort(),
  });
  if (!server.ok) throw new Error(server.error.detail);
  cleanUp(() => server.value.stop());

  const role = (name: string) => ({ name, password: randomBytes(18).toString('base64url') });
  const [owner, app] = [role('monolith_owner'), role('monolith')];
  const admin = new pg.Client({ connectionString: server.value.adminUrl });
  await admin.connect();
  const query = (sql: string, values: readonly unknown[] = []) =>
    admin.query<Record<string, unknown>>(sql, [...values]);
  await ensureServiceDatabase(query, { database: 'monolith', owner, app });
  const version = (
    await admin.query<{ v: string }>("SELECT current_setting('server_version') AS v")
  ).rows[0];
  await admin.end();
  const ownerUrl = roleUrl(server.value.adminUrl, 'monolith', owner);
  const directory = join(import.meta.dirname, '../migrations');
  await migrate({ databaseUrl: ownerUrl, directory, appRole: app.name });

  const service = await startService({
    file: join(import.meta.dirname, '../src/main.ts'),
    env: {
      DATABASE_URL: roleUrl(server.value.adminUrl, 'monolith', app),
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'error',
      KEY_ENCRYPTION_SECRET: randomBytes(32).toString('hex'),
      BOOTSTRAP_OPERATOR_PASSWORD: operator.password,
      SEARCH_BATCH_INTERVAL_MS: '0',
      MAIL_URL: `file://${join(folder, 'mail')}`,
    },
  });
  cleanUp(() => service.stop());
  const url = `http://127.0.0.1:${started.parse(service.ready()).port}`;
  const pool = new pg.Pool({ connectionString: ownerUrl, max: 1 });
  pool.on('error', () => undefined);
  cleanUp(() => pool.end());
  return {
    url,
    postgresVersion: version?.v ?? 'unknown',
    processorSeconds: () => {
      const [database, monolith] = [treeSeconds(server.value.pid), treeSeconds(service.pid)];
      return database === undefined || monolith === undefined ? undefined : database + monolith;
    },
    add: (articles) => addArticles(pool, articles),
    runBatch: () => runBatch(url),
  };
}

/** Straight into the tables: what is measured comes after. */
async function addArticles(pool: pg.Pool, articles: readonly ImpLine[]): Promise<void> {
  await pool.query(
    "INSERT INTO sect (sect_cd, sect_nm) VALUES ('bench', 'Bench') ON CONFLICT DO NOTHING",
  );
  const step = 200;
  for (let from = 0; from < articles.length; from += step) {
    const part = articles.slice(from, from + step);
    await pool.query(
      `WITH new AS (INSERT INTO art (art_ref, ttl, bdy, smry, sect_cd, sts, pub_ts)
                    SELECT ref, ttl, bdy, smry, 'bench', 'P', pub
                      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) x (ref, ttl, bdy, smry, pub)
                    RETURNING art_id, art_ref)
       INSERT INTO art_aut (art_id, seq, aut_nm)
       SELECT art_id, 1, aut FROM new JOIN unnest($1::text[], $6::text[]) y (ref, aut) ON ref = art_ref`,
      [
        part.map(({ put }) => put.artRef),
        part.map(({ put }) => put.ttl),
        part.map(({ put }) => put.bdy),
        part.map(({ put }) => put.smry ?? null),
        part.map(({ pubTs }) => pubTs),
        part.map(({ put }) => put.auts[0] ?? 'Nobody'),
      ],
    );
  }
  await pool.query('ANALYZE');
}

async function runBatch(url: string): Promise<BatchRun> {
  const json = async (path: string, init: RequestInit): Promise<unknown> => {
    const answer = await fetch(url + path, init);
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
  const { accessToken } = token.parse(
    await json('/api/v1/tokens', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(operator),
    }),
  );
  const headers = { authorization: `Bearer ${accessToken}` };
  const begun = batchRun.parse(
    await json('/api/v1/search/batch-runs', { method: 'POST', headers }),
  );
  for (;;) {
    await sleep(250);
    const run = batchRun.parse(await json(`/api/v1/search/batch-runs/${begun.id}`, { headers }));
    if (run.status === 'succeeded') return run;
    if (run.status !== 'running') throw new Error(`the batch ${run.status}: ${run.error ?? ''}`);
  }
}
