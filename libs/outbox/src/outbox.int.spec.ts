import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_EVENT_BYTES } from '@newscience/event-bus/bus';
import { createLogger } from '@newscience/service-kit/logging';
import { createPool, withTransaction } from '@newscience/service-kit/postgres';
import { beginTrace } from '@newscience/service-kit/tracing';
import { eventually } from '@newscience/testing/eventually';
import type { TestDatabase } from '@newscience/testing/template-database';
import type pg from 'pg';

import { outboxDatabase } from '../test/outbox-database.ts';
import { sampleEvent, untraced } from '../test/sample-events.ts';
import { append } from './outbox.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
let database: TestDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await outboxDatabase();
  pool = createPool({ url: database.url, applicationName: 'test', logger });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(() => pool.query('DELETE FROM outbox'));

type Row = { key: string; event: { id: string; traceparent?: string } };
const rows = async (): Promise<Row[]> =>
  (await pool.query<Row>('SELECT key, event FROM outbox ORDER BY sequence')).rows;
const ids = async (): Promise<string[]> => (await rows()).map(({ event }) => event.id);

async function begin(): Promise<pg.PoolClient> {
  const client = await pool.connect();
  await client.query('BEGIN');
  return client;
}
async function end(client: pg.PoolClient, how: 'COMMIT' | 'ROLLBACK'): Promise<void> {
  await client.query(how);
  client.release();
}
/** Waits until somebody waits for an advisory lock. */
const untilBlocked = (waiting: number): Promise<void> =>
  eventually(async () => {
    const found = await pool.query(
      "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    );
    expect(found.rowCount).toBe(waiting);
  });

describe('append', () => {
  it('keeps the order of its events', async () => {
    const events = [3, 1, 2].map((n) => sampleEvent('a', n));
    await withTransaction(pool, (client) => append(client, [...events, sampleEvent('b', 1)]));
    expect(await ids()).toEqual(['a/3', 'a/1', 'a/2', 'b/1']);
  });

  it('writes nothing for no events', async () => {
    await withTransaction(pool, (client) => append(client, []));
    expect(await ids()).toEqual([]);
  });

  it('stands or falls with the state', async () => {
    const change = withTransaction(pool, async (client) => {
      await client.query("INSERT INTO effect (key, id) VALUES ('a', 'a/1')");
      await append(client, [sampleEvent('a', 1)]);
      throw new Error('changed my mind');
    });
    await expect(change).rejects.toThrow('changed my mind');
    expect(await ids()).toEqual([]);
    expect((await pool.query('SELECT 1 FROM effect')).rowCount).toBe(0);
  });

  it('refuses a client on which no transaction was begun', async () => {
    const client = await pool.connect();
    await expect(append(client, [sampleEvent('a', 1)])).rejects.toThrow(/needs a transaction/);
    await client.query('BEGIN');
    await append(client, [sampleEvent('a', 2)]);
    await end(client, 'COMMIT');
    expect(await ids()).toEqual(['a/2']);
  });

  it('refuses an event that breaks its contract, and writes none of the others', async () => {
    const wrong = { ...sampleEvent('a', 1), subject: 'b' };
    const change = withTransaction(pool, (client) => append(client, [sampleEvent('a', 0), wrong]));
    await expect(change).rejects.toMatchObject({ code: 'event_invalid' });
    expect(await ids()).toEqual([]);
  });

  it('refuses an event that is one byte above the limit', async () => {
    const room = MAX_EVENT_BYTES - Buffer.byteLength(JSON.stringify(sampleEvent('a', 1, 'x'))) + 1;
    const largest = sampleEvent('a', 1, 'x'.repeat(room));
    const tooLarge = sampleEvent('a', 1, 'x'.repeat(room + 1));
    await withTransaction(pool, (client) => append(client, [largest]));
    await expect(
      withTransaction(pool, (client) => append(client, [tooLarge])),
    ).rejects.toMatchObject({ code: 'event_too_large' });
    expect(await ids()).toEqual(['a/1']);
  });

  it('carries the trace along, and keeps one that the event has', async () => {
    const own = sampleEvent('a', 2).traceparent;
    const trace = beginTrace({ name: 'test' });
    await trace.run(() =>
      withTransaction(pool, (client) =>
        append(client, [untraced(sampleEvent('a', 1)), sampleEvent('a', 2)]),
      ),
    );
    const [first, second] = await rows();
    expect(first?.event.traceparent).toContain(trace.context.traceId);
    expect(second?.event.traceparent).toBe(own);
  });

  it.each(['COMMIT', 'ROLLBACK'] as const)(
    'lets a second transaction of the same key wait until the %s of the first',
    async (how) => {
      const first = await begin();
      const second = await begin();
      await append(first, [sampleEvent('a', 1)]);
      const appended = append(second, [sampleEvent('a', 2)]);
      await untilBlocked(1);
      await end(first, how);
      await appended;
      await end(second, 'COMMIT');
      expect(await ids()).toEqual(how === 'COMMIT' ? ['a/1', 'a/2'] : ['a/2']);
    },
  );

  it('lets transactions of other keys pass', async () => {
    const first = await begin();
    await append(first, [sampleEvent('a', 1)]);
    await withTransaction(pool, (client) => append(client, [sampleEvent('b', 1)]));
    expect(await ids()).toEqual(['b/1']);
    await end(first, 'COMMIT');
  });

  it('does not deadlock where transactions name the same keys in other orders', async () => {
    const keys = Array.from({ length: 20 }, (_, n) => `k${n}`);
    await Promise.all(
      Array.from({ length: 8 }, (_, n) => {
        const order = n % 2 === 0 ? keys : keys.toReversed();
        return withTransaction(pool, (client) =>
          append(
            client,
            order.map((key) => sampleEvent(key, n)),
          ),
        );
      }),
    );
    expect(await ids()).toHaveLength(160);
  });
});
