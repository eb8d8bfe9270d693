import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import type { TestDatabase } from '@newscience/testing/template-database';
import pg from 'pg';

import { append, createPartitionCounts } from '../src/postgres/event-log.ts';
import { newTopic, numberOf } from './contract/counted.ts';
import { createSite } from './contract/harness.ts';
import { busDatabase } from './test-bus.ts';

/** All orders of the items. */
const orders = <T>(items: readonly T[]): T[][] =>
  items.length <= 1
    ? [[...items]]
    : items.flatMap((first, at) => orders(items.toSpliced(at, 1)).map((rest) => [first, ...rest]));

const ends = ['COMMIT', 'ROLLBACK'] as const;
/** Three publishers begin in the order 0, 1, 2; each order of their ends, with each of them rolled back or none. */
const cases = orders([0, 1, 2]).flatMap((order) =>
  [
    [0, 0, 0],
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ].map((rolledBack) => ({
    order,
    ends: rolledBack.map((index) => ends[index] ?? 'COMMIT'),
  })),
);

describe('publishers that commit late', () => {
  let database: TestDatabase;
  let site: ReturnType<typeof createSite>;
  beforeAll(async () => {
    database = await busDatabase();
    site = createSite({ url: () => database.url });
  });
  afterAll(async () => {
    await site.close();
    await database.drop();
  });

  it.each(cases)('are not skipped: ends in the order $order as $ends', async ({ order, ends }) => {
    const bus = await site.open();
    // The first two write to one partition, the third to another.
    const { topic, group, event } = await newTopic(bus, 1);
    const other = await newTopic(bus, 1);
    const seen: string[] = [];
    const positions: bigint[] = [];
    await bus.subscribe({
      group,
      topics: [topic, other.topic],
      from: 'earliest',
      handle: (batch) => {
        for (const one of batch) {
          seen.push(`${one.event.subject}${numberOf(one)}`);
          if (one.topic === topic) positions.push(one.position);
        }
        return Promise.resolve();
      },
    });
    const clients = await Promise.all(
      [0, 1, 2].map(async () => {
        const client = new pg.Client({ connectionString: database.url });
        await client.connect();
        await client.query('BEGIN');
        return client;
      }),
    );
    const counts = createPartitionCounts();
    const write = [[event('a', 0)], [event('b', 1)], [other.event('c', 2)]].map((events, index) => {
      const client = clients[index];
      if (client === undefined) throw new Error('there are three');
      return append(client, counts, events);
    });
    const ended: Promise<void>[] = [];
    for (const index of order) {
      const end = async (): Promise<void> => {
        await write[index];
        await clients[index]?.query(ends[index] ?? 'COMMIT');
        // Something later is committed while others are still open.
        await bus.publish([other.event(`later-${index}-`, 0)]);
      };
      ended.push(end());
      // Time to be read before the next one ends. The second may have to wait for the first, as the log has it.
      await sleep(40);
    }
    await Promise.all(ended);
    const committed = ['a0', 'b1', 'c2'].filter((_, index) => ends[index] === 'COMMIT');
    await eventually(() => {
      expect(seen.filter((one) => !one.startsWith('later')).sort()).toEqual(committed);
      expect(seen).toHaveLength(committed.length + 3);
    });
    // Dense from 0, in spite of what was rolled back.
    expect(positions).toEqual(positions.map((_, index) => BigInt(index)));
    await Promise.all(clients.map((client) => client.end()));
  });
});
