import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { DeliveryStore } from './delivery-store.ts';
import type { ResilienceEvent } from './events.ts';
import { createMemoryBucketStore } from './memory/bucket-store.ts';
import { createMemoryDeliveryStore } from './memory/delivery-store.ts';
import {
  startThrottledDelivery,
  type ThrottledDelivery,
  type ThrottledDeliveryOptions,
} from './throttled-delivery.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

let clock: VirtualClock;
let store: DeliveryStore;
let events: ResilienceEvent[];
let workers: ThrottledDelivery[];
let delivered: { at: number; payload: unknown }[];
let rate: ReturnType<typeof createMemoryBucketStore>;
beforeEach(() => {
  clock = createVirtualClock();
  store = createMemoryDeliveryStore(clock);
  rate = createMemoryBucketStore(clock);
  events = [];
  workers = [];
  delivered = [];
});
afterEach(async () => {
  const stopping = workers.map((worker) => worker.stop());
  await clock.advance(100_000);
  await Promise.all(stopping);
});

function start(options: Partial<ThrottledDeliveryOptions> = {}): ThrottledDelivery {
  const worker = startThrottledDelivery({
    ...{ name: 'mail', maxPerSecond: 5, store, rate, clock, chance: () => 0.5 },
    deliver: ({ payload }) => {
      delivered.push({ at: clock.now(), payload });
      return Promise.resolve();
    },
    on: (event) => events.push(event),
    ...options,
  });
  workers.push(worker);
  return worker;
}
const mostInASecond = (): number =>
  Math.max(
    ...delivered.map(
      ({ at }) => delivered.filter((other) => other.at >= at && other.at < at + 1000).length,
    ),
  );

describe('throttled delivery', () => {
  it('never delivers more than the maximum in any second, over all workers, and does not dawdle', async () => {
    const [one] = [start(), start(), start()];
    for (let n = 0; n < 40; n += 1) await one.enqueue(n);
    const began = clock.now();
    while (delivered.length < 40) await clock.advance(1000);
    expect(mostInASecond()).toBe(5);
    expect(delivered.map(({ payload }) => payload)).toEqual([...Array(40).keys()]);
    expect((delivered.at(-1)?.at ?? 0) - began).toBeLessThan(40 * 230);
  });

  it('keeps to the maximum after a pause too: unused turns are not saved up', async () => {
    const worker = start();
    await clock.advance(60_000);
    for (let n = 0; n < 12; n += 1) await worker.enqueue(n);
    await clock.advance(5000);
    expect(delivered).toHaveLength(12);
    expect(mostInASecond()).toBe(5);
  });

  it('tries again what failed, with growing pauses, and ends as a dead letter', async () => {
    const times: number[] = [];
    const worker = start({
      attempts: 3,
      deliver: () => {
        times.push(clock.now());
        return Promise.reject(new Error('mailbox busy'));
      },
    });
    await worker.enqueue('x');
    await clock.advance(20_000);
    expect(times.slice(1).map((time, n) => Math.round(time - (times[n] ?? 0)))).toEqual([
      500, 1000,
    ]);
    expect(await worker.state()).toMatchObject({ waiting: 0, dead: 1 });
    expect(events.filter(({ type }) => type === 'delivery-ended')).toEqual([
      expect.objectContaining({ outcome: 'failed', attempts: 1, inMs: 500 }),
      expect.objectContaining({ outcome: 'failed', attempts: 2, inMs: 1000 }),
      expect.objectContaining({ outcome: 'dead', attempts: 3 }),
    ]);
    const [letter] = await store.deadLetters('mail', 1);
    expect(letter).toMatchObject({ payload: 'x', cause: 'Error: mailbox busy' });
    await store.replay('mail', letter?.id ?? '');
    await clock.advance(2000);
    expect(times.length).toBeGreaterThan(3);
  });

  it('is dead at once where the error says so', async () => {
    const worker = start({
      deliver: () => Promise.reject(Object.assign(new Error('no such user'), { retryable: false })),
    });
    await worker.enqueue('x');
    await clock.advance(100);
    expect(await worker.state()).toMatchObject({ dead: 1 });
  });

  it('keeps all workers away when the other side asks for a pause', async () => {
    let busy = true;
    const worker = start({
      deliver: ({ payload }) => {
        delivered.push({ at: clock.now(), payload });
        if (!busy) return Promise.resolve();
        busy = false;
        return Promise.reject(
          Object.assign(new Error('429'), { retryAfterMs: 3000, retryable: true }),
        );
      },
    });
    await worker.enqueue(1);
    await worker.enqueue(2);
    await clock.advance(20_000);
    expect(delivered.map(({ payload }) => payload)).toEqual([1, 2, 1]);
    expect((delivered[1]?.at ?? 0) - (delivered[0]?.at ?? 0)).toBeGreaterThanOrEqual(3000);
  });

  it('is paused and resumed', async () => {
    const worker = start();
    await worker.pause('maintenance');
    await worker.enqueue(1);
    await clock.advance(10_000);
    expect(delivered).toEqual([]);
    await worker.resume();
    await clock.advance(10);
    expect(delivered).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'delivery-switched')).toHaveLength(2);
  });

  it('delivers no more at once than it may', async () => {
    let running = 0;
    let most = 0;
    const worker = start({
      concurrency: 2,
      maxPerSecond: 100,
      deliver: async () => {
        most = Math.max(most, (running += 1));
        await new Promise<void>((resolve) => void clock.schedule(300, resolve, 'idle'));
        running -= 1;
      },
    });
    for (let n = 0; n < 6; n += 1) await worker.enqueue(n);
    await clock.advance(2000);
    expect(most).toBe(2);
    expect(await worker.state()).toMatchObject({ waiting: 0 });
  });

  it('ends a delivery before its lease is over', async () => {
    const seen: boolean[] = [];
    const worker = start({
      leaseMs: 1000,
      deliver: (_delivery, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            seen.push(true);
            reject(new Error('cut off'));
          });
        }),
    });
    await worker.enqueue(1);
    await clock.advance(901);
    expect(seen).toEqual([true]);
  });

  it('goes on by itself after its store was away', async () => {
    const claim = store.claim.bind(store);
    store.claim = () => Promise.reject(new Error('no connection'));
    const worker = start();
    await worker.enqueue(1);
    await clock.advance(3000);
    expect(delivered).toEqual([]);
    store.claim = claim;
    await clock.advance(10_000);
    expect(delivered).toHaveLength(1);
    expect(events.map(({ type }) => type)).toEqual(['store-away', 'store-back', 'delivery-ended']);
  });

  it('says all that is wrong with its options', () => {
    expect(() => start({ maxPerSecond: 0, attempts: 0, concurrency: 0 })).toThrow(
      /maxPerSecond .*; attempts .*; concurrency/,
    );
  });
});
