import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { EventBus } from '@newscience/event-bus/bus';
import { busMigrations } from '@newscience/event-bus/migrate';
import { createPostgresBus } from '@newscience/event-bus/postgres';
import { topics } from '@newscience/event-contracts/topics';
import { migrate } from '@newscience/service-kit/migrations';
import { freePort } from '@newscience/testing/free-port';
import { eventually } from '@newscience/testing/eventually';
import { type PostgresEngine, startPostgresEngine } from '@newscience/testing/postgres-engine';
import { startService, type ServiceProcess } from '@newscience/testing/service-process';
import pg from 'pg';

import { logger, migrationsDir } from './activity-site.ts';
import { openEventStream } from './event-stream.ts';
import { published } from './sample-events.ts';
import { startTokenIssuer, type TokenIssuer } from './token-issuer.ts';

let engine: PostgresEngine;
let issuer: TokenIssuer;
let service: ServiceProcess;
let bus: EventBus;
let busAdminUrl: string;
let url: string;
const giveBack: (() => Promise<void>)[] = [];

beforeAll(async () => {
  [engine, issuer] = await Promise.all([startPostgresEngine(), startTokenIssuer()]);
  const own = await engine.database({ database: 'activity_service' });
  const log = await engine.database({ database: 'bus' });
  await migrate({ databaseUrl: own.ownerUrl, directory: migrationsDir, appRole: own.appRole });
  await migrate({ databaseUrl: log.ownerUrl, directory: busMigrations, appRole: log.appRole });
  bus = createPostgresBus({ url: log.url, name: 'test', logger, connections: 2 });
  await bus.declareTopics(topics);
  busAdminUrl = log.adminUrl;
  giveBack.push(await engine.takeAway('bus'), await engine.takeAway('activity_service'));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  service = await startService({
    file: join(import.meta.dirname, '../src/main.ts'),
    env: {
      PORT: String(port),
      LOG_LEVEL: 'info',
      DATABASE_URL: own.url,
      EVENT_BUS_URL: log.url,
      JWKS_URL: issuer.jwksUrl,
      STREAM_HEARTBEAT_MS: '300',
    },
  });
}, 60_000);
afterEach(async () => {
  for (const give of giveBack.splice(0)) await give();
});
afterAll(async () => {
  await service.stop();
  await bus.close();
  await issuer.close();
  await engine.remove();
}, 60_000);

type Report = { readonly status: string; readonly checks: unknown };

async function readiness(): Promise<{ readonly http: number; readonly report: Report }> {
  const response = await fetch(`${url}/health/ready`);
  const report = (await response.json()) as Report;
  return { http: response.status, report };
}
const isReady = () =>
  eventually(async () => expect(await readiness()).toMatchObject({ http: 200 }), {
    withinMs: 60_000,
  });
const failed = (detail: string) => ({ status: 'failed', detail: expect.stringContaining(detail) });

async function get(path: string): Promise<{ status: number; body: unknown }> {
  const authorization = `Bearer ${await issuer.token()}`;
  const response = await fetch(url + path, { headers: { authorization } });
  const body: unknown = await response.json();
  return { status: response.status, body };
}

const counts = async (): Promise<unknown> => (await get('/api/v1/activity/counters')).body;
const count = (number: number) =>
  eventually(
    async () => {
      expect(await counts()).toMatchObject({ items: [{ count: number }] });
    },
    { withinMs: 60_000 },
  );

let made = 0;
const publish = (number: number) =>
  bus.publish(Array.from({ length: number }, () => published(`made-${(made += 1)}`)));

describe('the service', () => {
  it('starts without bus and database, says so, and begins when they are there', async () => {
    await eventually(async () =>
      expect(await readiness()).toMatchObject({
        http: 503,
        report: {
          status: 'unready',
          checks: {
            bus: failed('not joined yet: '),
            database: { status: 'failed' },
            timeline: failed('not reached yet'),
          },
        },
      }),
    );
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    expect(await get('/api/v1/activity')).toMatchObject({
      status: 503,
      body: { code: 'unavailable', retryable: true },
    });
    expect((await get('/api/v1/activity/stream')).status).toBe(503);
    for (const give of giveBack.splice(0)) await give();
    await isReady();
    await publish(3);
    await count(3);
  }, 90_000);

  it('shows what it has while the bus is away, and catches up', async () => {
    giveBack.push(await engine.takeAway('bus'));
    await eventually(async () =>
      expect(await readiness()).toMatchObject({
        http: 503,
        report: { checks: { bus: { status: 'failed' }, database: { status: 'ok' } } },
      }),
    );
    expect(await get('/api/v1/activity')).toMatchObject({ status: 200 });
    for (const give of giveBack.splice(0)) await give();
    await publish(40);
    await count(made);
    await isReady();
  }, 90_000);

  it('keeps its streams open while the database is away, and goes on with them', async () => {
    const token = await issuer.token();
    const stream = await openEventStream({ url: `${url}/api/v1/activity/stream?after=0`, token });
    await eventually(() => expect(stream.ids.length).toBe(made));
    giveBack.push(await engine.takeAway('activity_service'));
    await publish(40);
    await eventually(async () =>
      expect(await readiness()).toMatchObject({
        report: { checks: { database: { status: 'failed' }, timeline: { status: 'failed' } } },
      }),
    );
    const alive = (): number => stream.blocks.filter((block) => block.startsWith(':')).length;
    const before = alive();
    await eventually(() => expect(alive()).toBeGreaterThan(before + 2));
    for (const give of giveBack.splice(0)) await give();
    await count(made);
    await eventually(() =>
      expect(stream.ids).toEqual(Array.from({ length: made }, (_, index) => index + 1)),
    );
    stream.close();
  }, 90_000);

  it('outlives a crash of the server that has both', async () => {
    const token = await issuer.token();
    const stream = await openEventStream({ url: `${url}/api/v1/activity/stream?after=0`, token });
    const rounds = 3;
    for (let n = 0; n < rounds; n += 1) {
      await publish(200);
      await engine.crash();
      await engine.start();
      // What was published is durable; what was consumed and not committed comes again.
      await eventually(() => publish(1), { withinMs: 30_000 });
    }
    const expected = await publishedInAll();
    await count(expected);
    await eventually(() =>
      expect(stream.ids).toEqual(Array.from({ length: expected }, (_, index) => index + 1)),
    );
    expect(await get('/api/v1/activity/counters?check=true')).toMatchObject({
      body: { agrees: true },
    });
    stream.close();
    await isReady();
  }, 120_000);

  it('says each outage once, and ends in order', async () => {
    expect(await service.kill()).toEqual({ code: 0, signal: null });
    const lines = service.output().trim().split('\n');
    const errors = lines.filter((line) => line.includes('"level":"error"'));
    expect(errors.filter((line) => !line.includes('"code":"unavailable"'))).toEqual([]);
    expect(lines.filter((line) => line.includes('the event bus cannot be joined')).length).toBe(1);
  });
});

/** A try to publish that seemed to fail may have been stored. */
async function publishedInAll(): Promise<number> {
  const client = new pg.Client({ connectionString: busAdminUrl });
  await client.connect();
  const { rows } = await client.query<{ n: string }>(
    `SELECT count(DISTINCT event::json ->> 'id') AS n FROM event_log`,
  );
  await client.end();
  return Number(rows[0]?.n);
}
