import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import type { TestDatabase } from '@newscience/testing/template-database';
import pg from 'pg';

import type { EventBus } from '../src/bus.ts';
import { createLedger, newTopic } from './contract/counted.ts';
import { createSite } from './contract/harness.ts';
import { busDatabase } from './test-bus.ts';

let database: TestDatabase;
let site: ReturnType<typeof createSite>;
let admin: pg.Client;

beforeAll(async () => {
  database = await busDatabase();
  admin = new pg.Client({ connectionString: database.adminUrl });
  await admin.connect();
});
beforeEach(() => {
  site = createSite({ url: () => database.url });
});
afterEach(() => site.close());
afterAll(async () => {
  await admin.end();
  await database.drop();
});

/** Ends connections of this database whose application name matches. */
const cut = (name: string) =>
  admin.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE $1`,
    [name],
  );

/** Publishes until it is done, as a relay would: what was refused is sent again. */
async function publishStubbornly(bus: EventBus, events: Parameters<EventBus['publish']>[0]) {
  for (;;) {
    try {
      await bus.publish(events);
      return;
    } catch (error) {
      expect(error).toMatchObject({ code: 'unavailable', retryable: true });
      await sleep(20);
    }
  }
}

describe('the bus on PostgreSQL', () => {
  it('loses nothing while all of its connections are cut again and again', async () => {
    const bus = await site.open('cut-me');
    const { topic, group, event } = await newTopic(bus, 4);
    const ledger = createLedger();
    await bus.subscribe({
      group,
      topics: [topic],
      from: 'earliest',
      maxBatch: 10,
      handle: async (batch) => {
        await sleep(2);
        await ledger.record(batch);
      },
    });
    const keys = Array.from({ length: 10 }, (_, n) => `key-${n}`);
    let done = false;
    const cutting = (async () => {
      while (!done) {
        await sleep(60);
        await cut('cut-me%');
      }
    })();
    for (let n = 1; n <= 40; n += 1) {
      await publishStubbornly(
        bus,
        keys.map((key) => event(key, n)),
      );
      await sleep(10);
    }
    done = true;
    await cutting;
    await eventually(() => expect(ledger.missing(keys, 40)).toBe(0), { withinMs: 25_000 });
    expect(ledger.gaps()).toEqual([]);
  });

  it('hears of new events again after its notification connection was cut', async () => {
    const bus = await site.open('deaf');
    const { topic, group, event } = await newTopic(bus, 1);
    const ledger = createLedger();
    await bus.subscribe({
      group,
      topics: [topic],
      from: 'earliest',
      handle: (batch) => ledger.record(batch),
    });
    await eventually(async () => expect((await cut('deaf listener')).rowCount).toBe(1));
    await bus.publish([event('a', 1)]);
    await eventually(() => expect(ledger.size()).toBe(1));
    await eventually(async () => {
      const { rows } = await admin.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'deaf listener'`,
      );
      expect(rows).toHaveLength(1);
    });
  });

  it('finds new events by polling where notifications do not come', async () => {
    const bus = await site.open();
    const { topic, group, event } = await newTopic(bus, 1);
    const ledger = createLedger();
    await bus.subscribe({
      group,
      topics: [topic],
      from: 'earliest',
      handle: (batch) => ledger.record(batch),
    });
    const { rows } = await admin.query<{ source: string }>(
      `SELECT pg_get_functiondef('append_events'::regproc) AS source`,
    );
    const source = rows[0]?.source ?? '';
    expect(source).toContain("pg_notify('event_bus'");
    await admin.query(source.replace("pg_notify('event_bus'", "pg_notify('nobody'"));
    await bus.publish([event('a', 1)]);
    await eventually(() => expect(ledger.size()).toBe(1));
    await admin.query(source);
  });
});
