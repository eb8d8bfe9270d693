import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger } from '@newscience/service-kit/logging';
import { createPool, withTransaction } from '@newscience/service-kit/postgres';
import { eventually } from '@newscience/testing/eventually';
import { planKills, runKills, victimOf } from '@newscience/testing/process-killer';
import { type ServiceProcess, startService } from '@newscience/testing/service-process';
import type { TestDatabase } from '@newscience/testing/template-database';
import type pg from 'pg';

import { append } from '../src/outbox.ts';
import { outboxDatabase } from './outbox-database.ts';
import { firstComings, sampleEvent } from './sample-events.ts';

const KEYS = 50;
const EVENTS_PER_KEY = 100;
const logger = createLogger({ service: 'test', level: 'silent' });
let database: TestDatabase;
let pool: pg.Pool;
let relays: ServiceProcess[] = [];

beforeAll(async () => {
  database = await outboxDatabase();
  pool = createPool({ url: database.url, applicationName: 'test', logger, max: 6 });
  relays = await Promise.all(
    ['one', 'two', 'three'].map((name) =>
      startService({
        file: join(import.meta.dirname, 'relay-process.ts'),
        env: { DATABASE_URL: database.url, RELAY_NAME: name },
      }),
    ),
  );
});
afterAll(async () => {
  await Promise.all(relays.map((relay) => relay.stop()));
  await pool.end();
  await database.drop();
});

/** Five writers; each has keys of its own, appends a few events a transaction, and rolls some back. */
async function write(writer: number): Promise<void> {
  const keys = Array.from({ length: KEYS / 5 }, (_, n) => `key${writer * 10 + n}`);
  for (let n = 0; n < EVENTS_PER_KEY; n += 1) {
    const events = keys.map((key) => sampleEvent(key, n));
    if (n % 10 === 0)
      await withTransaction(pool, async (client) => {
        await append(client, events);
        throw new Error('rolled back');
      }).catch(() => undefined);
    await withTransaction(pool, (client) => append(client, events));
    await sleep(15);
  }
}

describe('three relay processes that are killed again and again', () => {
  it('publish 5,000 events of 50 keys, none lost, in order per key', async () => {
    const victims = Object.fromEntries(relays.map((relay, n) => [`relay-${n}`, victimOf(relay)]));
    const plan = planKills({
      ...{ seed: 1, kills: 12, weights: { 'relay-0': 1, 'relay-1': 1, 'relay-2': 1 } },
      ...{ afterMs: [100, 400], downMs: [0, 200] },
    });
    await Promise.all([...[0, 1, 2, 3, 4].map(write), runKills({ plan, victims })]);
    await eventually(
      async () => expect((await pool.query('SELECT 1 FROM outbox LIMIT 1')).rowCount).toBe(0),
      { withinMs: 60_000 },
    );

    const { rows } = await pool.query<{ id: string; publisher: string }>(
      'SELECT id, publisher FROM bus_log ORDER BY n',
    );
    const comings = firstComings(rows.map(({ id }) => id));
    expect(comings.size).toBe(KEYS);
    const inOrder = [...Array(EVENTS_PER_KEY).keys()];
    for (const numbers of comings.values()) expect(numbers).toEqual(inOrder);
    expect(new Set(rows.map(({ publisher }) => publisher)).size).toBe(3);
    // Only what was on its way at a kill comes twice: a batch of 40 a kill, at most.
    expect(rows.length - KEYS * EVENTS_PER_KEY).toBeLessThanOrEqual(40 * plan.length);
  }, 120_000);
});
