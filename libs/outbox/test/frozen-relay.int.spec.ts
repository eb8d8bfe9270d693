import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger } from '@newscience/service-kit/logging';
import { createPool, withTransaction } from '@newscience/service-kit/postgres';
import { eventually } from '@newscience/testing/eventually';
import { type ServiceProcess, startService } from '@newscience/testing/service-process';
import type { TestDatabase } from '@newscience/testing/template-database';
import type pg from 'pg';

import { append } from '../src/outbox.ts';
import { outboxDatabase } from './outbox-database.ts';
import { firstComings, sampleEvent } from './sample-events.ts';

const keys = Array.from({ length: 32 }, (_, n) => `key${n}`);
const logger = createLogger({ service: 'test', level: 'silent' });
let database: TestDatabase;
let pool: pg.Pool;
let relays: ServiceProcess[] = [];

beforeAll(async () => {
  database = await outboxDatabase();
  pool = createPool({ url: database.url, applicationName: 'test', logger });
  relays = await Promise.all(
    ['one', 'two'].map((name) =>
      startService({
        file: join(import.meta.dirname, 'relay-process.ts'),
        env: { DATABASE_URL: database.url, RELAY_NAME: name, LOST_AFTER_MS: '1000' },
      }),
    ),
  );
});
afterAll(async () => {
  for (const { pid } of relays) process.kill(pid, 'SIGCONT');
  await Promise.all(relays.map((relay) => relay.stop()));
  await pool.end();
  await database.drop();
});

const log = async () =>
  (
    await pool.query<{ id: string; publisher: string }>(
      'SELECT id, publisher FROM bus_log ORDER BY n',
    )
  ).rows;

/** Writes the n-th event of each key and waits until all are published. */
async function round(n: number): Promise<void> {
  await withTransaction(pool, (client) =>
    append(
      client,
      keys.map((key) => sampleEvent(key, n)),
    ),
  );
  await eventually(
    async () => expect(new Set((await log()).map(({ id }) => id)).size).toBe(keys.length * (n + 1)),
    { withinMs: 20_000 },
  );
}
const publishersOf = async (n: number): Promise<string[]> => {
  const rows = (await log()).filter(({ id }) => id.endsWith(`/${n}`));
  return [...new Set(rows.map(({ publisher }) => publisher))].sort();
};

describe('a relay process that is frozen', () => {
  it('is replaced without its connection having ended, and joins in again when it thaws', async () => {
    let n = 0;
    await eventually(
      async () => {
        await round(n);
        n += 1;
        expect(await publishersOf(n - 1)).toEqual(['one', 'two']);
      },
      { withinMs: 20_000, everyMs: 100 },
    );
    const frozen = relays[0]?.pid ?? 0;
    process.kill(frozen, 'SIGSTOP');
    await round(n);
    n += 1;
    await round(n);
    expect(await publishersOf(n)).toEqual(['two']);
    process.kill(frozen, 'SIGCONT');
    await eventually(
      async () => {
        n += 1;
        await round(n);
        expect(await publishersOf(n)).toEqual(['one', 'two']);
      },
      { withinMs: 20_000, everyMs: 100 },
    );
    const inOrder = [...Array(n + 1).keys()];
    for (const numbers of firstComings((await log()).map(({ id }) => id)).values())
      expect(numbers).toEqual(inOrder);
  }, 90_000);
});
