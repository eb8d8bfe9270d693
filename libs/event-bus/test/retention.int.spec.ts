import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import type { TestDatabase } from '@newscience/testing/template-database';
import type { Retention } from '@newscience/event-contracts/topics';
import pg from 'pg';

import { sweep } from '../src/postgres/retention.ts';
import { newTopic, numberOf } from './contract/counted.ts';
import { createSite } from './contract/harness.ts';
import { busDatabase } from './test-bus.ts';

let database: TestDatabase;
let site: ReturnType<typeof createSite>;
let pool: pg.Pool;

beforeAll(async () => {
  database = await busDatabase();
  site = createSite({ url: () => database.url });
  pool = new pg.Pool({ connectionString: database.url });
});
afterAll(async () => {
  await site.close();
  await pool.end();
  await database.drop();
});

/** Three events of `a`, one of `b`; then a day goes by and `a` comes once more. */
const topicWith = async (retention: Retention) => {
  const bus = await site.open();
  const made = await newTopic(bus, 1);
  const { topic, event } = made;
  await bus.declareTopics([{ topic, partitions: 1, retention, about: 'For a test.' }]);
  await bus.publish([event('a', 1), event('b', 1), event('a', 2), event('a', 3)]);
  await pool.query(
    `UPDATE event_log SET published_at = published_at - interval '25 hours' WHERE topic = $1`,
    [topic],
  );
  await bus.publish([event('a', 4)]);
  return { ...made, bus };
};
const left = async (topic: string): Promise<string[]> => {
  const { rows } = await pool.query<{ key: string; position: string }>(
    'SELECT key, position FROM event_log WHERE topic = $1 ORDER BY position',
    [topic],
  );
  return rows.map(({ key, position }) => `${key}@${position}`);
};

describe('retention', () => {
  it('keeps the latest event of each key for ever, and what it replaced for as long as declared', async () => {
    const { topic } = await topicWith({ kind: 'latest-per-key', historyDays: 1 });
    await sweep(pool, 0.001);
    expect(await left(topic)).toEqual(['b@1', 'a@4']);
  });

  it('keeps what was replaced more recently', async () => {
    const { topic } = await topicWith({ kind: 'latest-per-key', historyDays: 2 });
    await sweep(pool, 0.001);
    expect(await left(topic)).toHaveLength(5);
  });

  it('removes by time alone where time is declared', async () => {
    const { topic } = await topicWith({ kind: 'time', days: 1 });
    await sweep(pool, 0.001);
    expect(await left(topic)).toEqual(['a@4']);
  });

  it('sweeps a topic once in the time given, whoever asks', async () => {
    const { topic } = await topicWith({ kind: 'time', days: 1 });
    expect(await sweep(pool, 3600)).toBe(0);
    expect(await left(topic)).toHaveLength(5);
  });

  it('leaves holes that readers step over, also at the end', async () => {
    const { bus, topic, group } = await topicWith({ kind: 'latest-per-key', historyDays: 1 });
    await sweep(pool, 0.001);
    const seen: string[] = [];
    const subscription = await bus.subscribe({
      group,
      topics: [topic],
      from: 'earliest',
      handle: (batch) =>
        Promise.resolve(
          void seen.push(...batch.map((one) => `${one.event.subject}${numberOf(one)}`)),
        ),
    });
    await eventually(() => expect(seen).toEqual(['b1', 'a4']));
    await subscription.stop();
    await bus.seek(group, { topic, partition: 0 }, 4n);
    await pool.query('DELETE FROM event_log WHERE topic = $1', [topic]);
    await bus.subscribe({
      group,
      topics: [topic],
      from: 'earliest',
      handle: () => Promise.reject(new Error('there is nothing')),
    });
    await eventually(async () =>
      expect((await bus.lag(group)).map(({ behind }) => behind)).toEqual([0n]),
    );
  });
});
