import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { busMigrations } from '@newscience/event-bus/migrate';
import { createPostgresBus } from '@newscience/event-bus/postgres';
import { createLogger } from '@newscience/service-kit/logging';
import { migrate } from '@newscience/service-kit/migrations';
import { createPool, withTransaction } from '@newscience/service-kit/postgres';
import { eventually } from '@newscience/testing/eventually';
import { planKills, runKills, victimOf } from '@newscience/testing/process-killer';
import { type ServiceProcess, startService } from '@newscience/testing/service-process';
import { createTemplate, type TestDatabase } from '@newscience/testing/template-database';
import type pg from 'pg';

import { append } from '../src/outbox.ts';
import { outboxDatabase } from './outbox-database.ts';
import { firstComings, sampleEvent } from './sample-events.ts';

const KEYS = 40;
const EVENTS_PER_KEY = 50;
const logger = createLogger({ service: 'test', level: 'silent' });
let databases: TestDatabase[];
let pool: pg.Pool;
let services: ServiceProcess[] = [];

beforeAll(async () => {
  const template = await createTemplate({
    ...{ service: 'event_bus', migrationsDir: busMigrations, migrate },
  });
  const [own, busDatabase] = await Promise.all([outboxDatabase(), template.cloneDatabase()]);
  databases = [own, busDatabase];
  const bus = createPostgresBus({ url: busDatabase.url, name: 'test', logger });
  await bus.declareTopics([
    {
      ...{ topic: 'newscience.route', partitions: 4, about: 'A test.' },
      retention: { kind: 'time', days: 1 },
    },
  ]);
  await bus.close();
  pool = createPool({ url: own.url, applicationName: 'test', logger });
  services = await Promise.all(
    ['one', 'two', 'three'].map((name) =>
      startService({
        file: join(import.meta.dirname, 'whole-way-process.ts'),
        env: { DATABASE_URL: own.url, EVENT_BUS_URL: busDatabase.url, SERVICE_NAME: name },
      }),
    ),
  );
}, 60_000);
afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()));
  await pool.end();
  await Promise.all(databases.map((database) => database.drop()));
}, 60_000);

async function write(): Promise<void> {
  const keys = Array.from({ length: KEYS }, (_, n) => `key${n}`);
  for (let n = 0; n < EVENTS_PER_KEY; n += 1) {
    await withTransaction(pool, (client) =>
      append(
        client,
        keys.map((key) => sampleEvent(key, n)),
      ),
    );
    await sleep(60);
  }
}

describe('services that publish and consume over the bus and are killed again and again', () => {
  it('have each effect once and in order per key', async () => {
    const victims = Object.fromEntries(
      services.map((service, n) => [`service-${n}`, victimOf(service)]),
    );
    const plan = planKills({
      ...{ seed: 1, kills: 10, weights: { 'service-0': 1, 'service-1': 1, 'service-2': 1 } },
      ...{ afterMs: [200, 500], downMs: [0, 300] },
    });
    await Promise.all([write(), runKills({ plan, victims })]);
    const ids = async (): Promise<string[]> =>
      (await pool.query<{ id: string }>('SELECT id FROM effect ORDER BY n')).rows.map(
        ({ id }) => id,
      );
    await eventually(async () => expect((await ids()).length).toBe(KEYS * EVENTS_PER_KEY), {
      withinMs: 90_000,
    });
    const effects = await ids();
    expect(new Set(effects).size).toBe(effects.length);
    for (const numbers of firstComings(effects).values())
      expect(numbers).toEqual([...Array(EVENTS_PER_KEY).keys()]);
    expect((await pool.query('SELECT 1 FROM inbox_dead_letter')).rowCount).toBe(0);
  }, 180_000);
});
