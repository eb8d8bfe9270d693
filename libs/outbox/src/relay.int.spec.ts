import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BusError } from '@newscience/event-bus/bus';
import { createLogger } from '@newscience/service-kit/logging';
import { createMetrics } from '@newscience/service-kit/metrics';
import { createPool, withTransaction } from '@newscience/service-kit/postgres';
import { eventually } from '@newscience/testing/eventually';
import type { TestDatabase } from '@newscience/testing/template-database';
import type pg from 'pg';

import { outboxDatabase } from '../test/outbox-database.ts';
import { recordingBus, type RecordingBus } from '../test/recording-bus.ts';
import { firstComings, sampleEvent } from '../test/sample-events.ts';
import { append } from './outbox.ts';
import { openRelaySession } from './relay-session.ts';
import { type Relay, type RelayOptions, startRelay } from './relay.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const quick = { baseMs: 1, capMs: 20 };
let database: TestDatabase;
let pool: pg.Pool;
let bus: RecordingBus;
let relays: Relay[];

beforeEach(async () => {
  database = await outboxDatabase();
  pool = createPool({ url: database.url, applicationName: 'test', logger });
  bus = recordingBus();
  relays = [];
});
afterEach(async () => {
  await Promise.all(relays.map((relay) => relay.stop()));
  await pool.end();
  await database.drop();
});

function start(options: Partial<RelayOptions> = {}): Relay {
  const databaseUrl = database.url;
  const relay = startRelay({
    ...{ databaseUrl, applicationName: 'relay', bus, logger, backoff: quick, pollMs: 100 },
    ...options,
  });
  relays.push(relay);
  return relay;
}
const commit = (...ids: [string, number][]): Promise<void> =>
  withTransaction(pool, (client) =>
    append(
      client,
      ids.map(([key, n]) => sampleEvent(key, n)),
    ),
  );
const published = (ids: readonly string[]): Promise<void> =>
  eventually(() => expect(bus.ids()).toEqual(ids));
const untilEmpty = (): Promise<void> =>
  eventually(async () => expect((await pool.query('SELECT 1 FROM outbox')).rowCount).toBe(0));
const held = (relay: Relay): number => relay.partitions().length;

describe('a relay', () => {
  it('publishes what was committed, in order, and removes it', async () => {
    await commit(['a', 1], ['b', 1]);
    await commit(['a', 2]);
    start();
    await published(['a/1', 'b/1', 'a/2']);
    await untilEmpty();
    expect(bus.events()[0]).toEqual(sampleEvent('a', 1));
  });

  it('publishes nothing of a transaction that was rolled back', async () => {
    start();
    const client = await pool.connect();
    await client.query('BEGIN');
    await append(client, [sampleEvent('a', 1)]);
    await client.query('ROLLBACK');
    client.release();
    await commit(['a', 2]);
    await published(['a/2']);
    await untilEmpty();
  });

  it('is woken by the commit, long before it would look by itself', async () => {
    start({ pollMs: 600_000, lostAfterMs: 3_000_000 });
    await commit(['a', 1]);
    await published(['a/1']);
    await commit(['a', 2]);
    await published(['a/1', 'a/2']);
  });

  it('finds by itself what nobody told it of', async () => {
    const relay = start();
    await eventually(() => expect(held(relay)).toBe(16));
    await commit(['a', 1]);
    await published(['a/1']);
    await pool.query(
      'INSERT INTO outbox (partition, key, event, event_bytes) VALUES (0, $1, $2, 10)',
      ['b', sampleEvent('b', 1)],
    );
    await published(['a/1', 'b/1']);
  });

  it('cuts batches by number and by bytes, and still gets everything across', async () => {
    const sizes: number[] = [];
    bus.intercept = (batch) => void sizes.push(batch.length);
    await commit(...Array.from({ length: 7 }, (_, n): [string, number] => ['a', n]));
    start({ batchEvents: 3 });
    await untilEmpty();
    expect(sizes).toEqual([3, 3, 1]);
    await relays[0]?.stop();
    await commit(...Array.from({ length: 3 }, (_, n): [string, number] => ['b', n]));
    start({ batchBytes: 1 });
    await untilEmpty();
    expect(sizes).toEqual([3, 3, 1, 1, 1, 1]);
  });

  it('tries again while the bus is away, and repeats no more than the batch that failed halfway', async () => {
    const metrics = createMetrics('test');
    let away = 5;
    bus.intercept = (batch, take) => {
      if (away-- <= 0) return;
      batch.slice(0, 2).forEach(take);
      throw new BusError('unavailable', 'no broker');
    };
    await commit(['a', 1], ['b', 1], ['a', 2]);
    start({ metrics });
    await untilEmpty();
    expect(bus.ids().slice(-3)).toEqual(['a/1', 'b/1', 'a/2']);
    expect(firstComings(bus.ids())).toEqual(
      new Map([
        ['a', [1, 2]],
        ['b', [1]],
      ]),
    );
    const text = await metrics.registry.metrics();
    expect(text).toMatch(/outbox_publish_failures_total\{code="unavailable",service="test"\} 5/);
    expect(text).toMatch(/outbox_published_total\{service="test"\} 3/);
  });

  it('lets the key of a refused event wait, and all others flow', async () => {
    let mended = false;
    bus.intercept = (batch) => {
      if (!mended && batch.some(({ id }) => id === 'a/2'))
        throw new BusError('event_invalid', 'not this one');
    };
    await commit(['a', 1], ['a', 2], ['b', 1], ['a', 3], ['b', 2]);
    start({ setAsideMs: 300 });
    await published(['a/1', 'b/1', 'b/2']);
    await commit(['c', 1]);
    await published(['a/1', 'b/1', 'b/2', 'c/1']);
    mended = true;
    await published(['a/1', 'b/1', 'b/2', 'c/1', 'a/2', 'a/3']);
  });

  it('publishes again, with the same ids, what it could not remove', async () => {
    let cut = false;
    bus.intercept = async () => {
      if (cut) return;
      cut = true;
      await pool.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'relay' AND datname = current_database()",
      );
    };
    await commit(['a', 1], ['a', 2]);
    start();
    await published(['a/1', 'a/2', 'a/1', 'a/2']);
    await untilEmpty();
  });

  it('finishes the batch that is being published before it stops', async () => {
    let release: (() => void) | undefined;
    bus.intercept = () => new Promise<void>((resolve) => (release = resolve));
    await commit(['a', 1]);
    const relay = start();
    await eventually(() => expect(release).toBeDefined());
    const stopped = relay.stop();
    release?.();
    await stopped;
    expect(bus.ids()).toEqual(['a/1']);
    expect((await pool.query('SELECT 1 FROM outbox')).rowCount).toBe(0);
  });

  it('stops at once while the bus is away, and leaves everything where it is', async () => {
    bus.intercept = () => {
      throw new BusError('unavailable', 'no broker');
    };
    await commit(['a', 1]);
    const relay = start({ backoff: { baseMs: 600_000, capMs: 600_000 } });
    await eventually(() => expect(bus.calls()).toBe(1));
    await relay.stop();
    expect((await pool.query('SELECT 1 FROM outbox')).rowCount).toBe(1);
  });

  it('stops while it cannot reach its database', async () => {
    const relay = start({ databaseUrl: 'postgres://nobody@127.0.0.1:1/nowhere' });
    await relay.stop();
    expect(relay.partitions()).toEqual([]);
  });

  it('reports how much waits and for how long', async () => {
    const metrics = createMetrics('test');
    bus.intercept = () => {
      throw new BusError('unavailable', 'no broker');
    };
    await commit(['a', 1], ['b', 1]);
    await pool.query("UPDATE outbox SET appended_at = appended_at - interval '90 seconds'");
    start({ metrics });
    await eventually(async () => {
      const text = await metrics.registry.metrics();
      expect(text).toMatch(/outbox_lag_rows\{service="test"\} 2/);
      expect(text).toMatch(/outbox_lag_seconds\{service="test"\} 9\d\./);
      expect(text).toMatch(/outbox_partitions\{service="test"\} 16/);
    });
  });
});

describe('transactions that commit late', () => {
  const permutations = (items: readonly number[]): number[][] =>
    items.length < 2
      ? [[...items]]
      : items.flatMap((item) =>
          permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
        );
  const orders = permutations([0, 1, 2]);
  const cases = orders.flatMap((opened) => orders.map((committed) => ({ opened, committed })));

  it('are not skipped, in whichever order they were opened, written and committed', async () => {
    start();
    const expected: string[] = [];
    for (const [number, { opened, committed }] of cases.entries()) {
      const clients = new Map<number, pg.PoolClient>();
      for (const who of opened) {
        const client = await pool.connect();
        clients.set(who, client);
        await client.query('BEGIN');
        await client.query('SELECT pg_current_xact_id()');
      }
      for (const [who, client] of [...clients].sort(([a], [b]) => a - b))
        await append(client, [sampleEvent(`key${who}`, number)]);
      for (const who of committed) {
        await clients.get(who)?.query('COMMIT');
        clients.get(who)?.release();
        expected.push(`key${who}/${number}`);
        await published(expected);
      }
    }
    expect(expected).toHaveLength(108);
  });
});

describe('several relays', () => {
  it('share the partitions, and take over those of one that stops', async () => {
    const [one, two] = [start(), start()];
    await eventually(() => expect([held(one), held(two)]).toEqual([8, 8]));
    expect(new Set([...one.partitions(), ...two.partitions()]).size).toBe(16);
    const three = start();
    await eventually(() => expect(held(one) + held(two) + held(three)).toBe(16));
    await eventually(() => expect(held(three)).toBeGreaterThanOrEqual(4));
    await one.stop();
    await two.stop();
    await eventually(() => expect(held(three)).toBe(16));
  });

  it('end the session of one that gives no sign of life', async () => {
    const frozen = await openRelaySession({
      databaseUrl: database.url,
      applicationName: 'frozen',
      lostAfterMs: 60_000,
      onWake: () => undefined,
    });
    await frozen.rebalance();
    expect(frozen.partitions()).toHaveLength(16);
    await commit(['a', 1]);
    const relay = start({ lostAfterMs: 500 });
    await published(['a/1']);
    await eventually(() => expect(held(relay)).toBe(16));
    await expect(frozen.remove(['1'])).rejects.toThrow();
    await frozen.close();
  });
});
