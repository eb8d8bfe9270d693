import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EventBus } from '@newscience/event-bus/bus';
import { connectBus } from '@newscience/event-bus/connect';
import { topics } from '@newscience/event-contracts/topics';
import { migrate } from '@newscience/service-kit/migrations';
import { createPool } from '@newscience/service-kit/postgres';
import { eventually } from '@newscience/testing/eventually';
import {
  dockerMissing,
  type KafkaEngine,
  startKafkaEngine,
} from '@newscience/testing/kafka-engine';
import { type PostgresEngine, startPostgresEngine } from '@newscience/testing/postgres-engine';
import { startService, type ServiceProcess } from '@newscience/testing/service-process';
import type pg from 'pg';

import { logger, migrationsDir } from './activity-site.ts';
import { account, comment, deleted, posted, published } from './sample-events.ts';

const missing = await dockerMissing();
const suite = missing === undefined ? describe : describe.skip;
const ROUNDS = 20;
const KEYS = 30;

suite(`the service on Kafka${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let kafka: KafkaEngine;
  let postgres: PostgresEngine;
  let bus: EventBus;
  let pool: pg.Pool;
  let instances: ServiceProcess[];

  beforeAll(async () => {
    [kafka, postgres] = await Promise.all([
      startKafkaEngine('activity-service'),
      startPostgresEngine(),
    ]);
    const own = await postgres.database({ database: 'activity_service' });
    await migrate({ databaseUrl: own.ownerUrl, directory: migrationsDir, appRole: own.appRole });
    pool = createPool({ url: own.url, applicationName: 'test', logger, max: 2 });
    bus = await connectBus({ url: kafka.url, name: 'test', logger });
    await eventually(() => bus.declareTopics(topics), { withinMs: 60_000 });
    const options = {
      file: join(import.meta.dirname, '../src/main.ts'),
      env: {
        ...{ PORT: '0', LOG_LEVEL: 'warn', DATABASE_URL: own.url, EVENT_BUS_URL: kafka.url },
        JWKS_URL: 'http://127.0.0.1:9/',
      },
    };
    instances = [await startService(options), await startService(options)];
  }, 180_000);
  afterAll(async () => {
    await Promise.all(instances.map((instance) => instance.stop()));
    await bus.close();
    await pool.end();
    await Promise.all([kafka.remove(), postgres.remove()]);
  }, 60_000);

  it('counts each event once, in order per key, while instances are killed', async () => {
    const kill = async (): Promise<void> => {
      for (const instance of instances) {
        await sleep(2000);
        await instance.kill('SIGKILL');
        await instance.restart();
      }
    };
    const killing = kill();
    const who = account('Ines');
    for (let revision = 1; revision <= ROUNDS; revision += 1) {
      const gone = comment('key-1');
      const events = [
        ...Array.from({ length: KEYS }, (_, key) => published(`key-${key}`, revision)),
        posted(gone, who, 'A word too many'),
        deleted(gone),
      ];
      await bus.publish(events);
      if (revision % 5 === 0) await bus.publish(events);
      await sleep(150);
    }
    await killing;
    const expected = {
      'newscience.article.Published.v1': ROUNDS * KEYS,
      'newscience.comment.Deleted.v1': ROUNDS,
      'newscience.comment.Posted.v1': ROUNDS,
    };
    const counters = async (): Promise<unknown> => {
      const { rows } = await pool.query<{ type: string; count: string }>('SELECT * FROM counter');
      return Object.fromEntries(rows.map(({ type, count }) => [type, Number(count)]));
    };
    await eventually(async () => expect(await counters()).toEqual(expected), {
      ...{ withinMs: 120_000, everyMs: 200 },
    });
    const { rows } = await pool.query<{ event_id: string; found: string }>(
      'SELECT event_id, activity::text AS found FROM activity ORDER BY id',
    );
    for (let key = 0; key < KEYS; key += 1) {
      const ofKey = rows.filter(({ event_id: id }) => id.startsWith(`key-${key}/`));
      expect(ofKey.map(({ event_id: id }) => Number(id.split('/')[1]))).toEqual(
        Array.from({ length: ROUNDS }, (_, n) => n + 1),
      );
    }
    expect(rows.filter(({ found }) => found.includes('A word too many'))).toEqual([]);
  }, 240_000);

  it('is ready on it', async () => {
    const [instance] = instances;
    const ready = instance?.ready();
    const port = typeof ready === 'object' && ready !== null && 'port' in ready ? ready.port : 0;
    await eventually(
      async () => {
        const response = await fetch(`http://127.0.0.1:${String(port)}/health/ready`);
        expect(await response.json()).toMatchObject({
          status: 'ready',
          checks: { bus: { detail: '0 events behind' } },
        });
      },
      { withinMs: 60_000 },
    );
  }, 90_000);
});
