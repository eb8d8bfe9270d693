import { setTimeout as sleep } from 'node:timers/promises';

import { expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';

import type { Delivery } from '../../src/bus.ts';
import { createLedger, newTopic, numberOf } from './counted.ts';
import type { createSite } from './harness.ts';

type Site = ReturnType<typeof createSite>;
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** What operators do with a group, and what a handler that fails does to it. */
export function steeringContract(site: () => Site, withinMs: number): void {
  const soon = <T>(assertion: () => T | Promise<T>) => eventually(assertion, { withinMs });

  /** A topic of two partitions with one key in each, and a subscription that records. */
  const recorded = async () => {
    const bus = await site().open();
    const made = await newTopic(bus, 2);
    const places = new Map<string, number>();
    const ledger = createLedger();
    const subscribe = () =>
      bus.subscribe({
        group: made.group,
        topics: [made.topic],
        from: 'earliest',
        handle: (batch) => {
          for (const { event, partition } of batch) places.set(event.subject, partition);
          return ledger.record(batch);
        },
      });
    const subscription = await subscribe();
    const keys = range(12).map((n) => `key-${n}`);
    await bus.publish(keys.map((key) => made.event(key, 1)));
    await soon(() => expect(ledger.size()).toBe(12));
    const keyIn = (partition: number): string => {
      const key = keys.find((one) => places.get(one) === partition);
      if (key === undefined) throw new Error(`no key fell into partition ${partition}`);
      return key;
    };
    return { ...made, bus, ledger, subscription, subscribe, left: keyIn(0), right: keyIn(1) };
  };

  it('pauses a group wherever its members are, over restarts too, and resumes it', async () => {
    const { bus, group, event, ledger, subscription, subscribe, left, right } = await recorded();
    const operator = await site().open('operator');
    await operator.pause(group);
    // Members hear of it at once, but not in the same instant.
    await sleep(1000);
    await bus.publish([event(left, 2), event(right, 2)]);
    await subscription.stop();
    await subscribe();
    await sleep(1500);
    expect([ledger.highest(left), ledger.highest(right)]).toEqual([1, 1]);
    await operator.resume(group);
    await soon(() => expect([ledger.highest(left), ledger.highest(right)]).toEqual([2, 2]));
  });

  it('pauses one partition while the others flow', async () => {
    const { bus, group, topic, event, ledger, left, right } = await recorded();
    await bus.pause(group, { topic, partition: 0 });
    await sleep(1000);
    await bus.publish([event(left, 2), event(right, 2)]);
    await soon(() => expect(ledger.highest(right)).toBe(2));
    expect(ledger.highest(left)).toBe(1);
    await bus.resume(group, { topic, partition: 0 });
    await soon(() => expect(ledger.highest(left)).toBe(2));
  });

  it('delivers again from where it is told to, once the members have stopped', async () => {
    const { bus, group, topic, ledger, subscription, subscribe } = await recorded();
    const first = { topic, partition: 0 };
    expect(await bus.seek(group, first, 'earliest')).toMatchObject({
      ok: false,
      error: { code: 'group_active' },
    });
    await subscription.stop();
    await soon(async () =>
      expect(await bus.seek(group, first, 'earliest')).toEqual({ ok: true, value: undefined }),
    );
    const before = ledger.deliveries();
    const inFirst = (await bus.lag(group)).find(({ partition }) => partition === 0)?.behind ?? 0n;
    expect(inFirst).toBeGreaterThan(0n);
    const again = await subscribe();
    await soon(() => expect(ledger.deliveries()).toBe(before + Number(inFirst)));
    await again.stop();
    await soon(async () =>
      expect(await bus.seek(group, first, inFirst - 1n)).toMatchObject({ ok: true }),
    );
    expect((await bus.lag(group)).map(({ behind }) => behind)).toEqual([1n, 0n]);
    await bus.seek(group, first, 'latest');
    expect((await bus.lag(group)).map(({ behind }) => behind)).toEqual([0n, 0n]);
  });

  it('delivers a poison message again and again, while other partitions flow', async () => {
    const bus = await site().open();
    const { topic, group, event } = await newTopic(bus, 2);
    const keys = range(12).map((n) => `key-${n}`);
    const seen: Delivery[] = [];
    let healed = false;
    await bus.subscribe({
      group,
      topics: [topic],
      from: 'earliest',
      handle: (batch) => {
        seen.push(...batch);
        const poison = batch.some(({ event }) => event.subject === 'key-1');
        return poison && !healed ? Promise.reject(new Error('poison')) : Promise.resolve();
      },
    });
    await bus.publish(keys.map((key) => event(key, 1)));
    const ofPoison = () => seen.filter((one) => one.event.subject === 'key-1');
    await soon(() =>
      expect(ofPoison().map(({ attempt }) => attempt)).toEqual(expect.arrayContaining([1, 2, 3])),
    );
    const poisoned = ofPoison()[0]?.partition;
    const others = new Set(
      seen.filter(({ partition }) => partition !== poisoned).map(({ event }) => event.subject),
    );
    expect(others.size).toBeGreaterThan(0);
    const [free = ''] = others;
    await bus.publish([event(free, 2)]);
    await soon(() =>
      expect(seen.some((one) => one.event.subject === free && numberOf(one) === 2)).toBe(true),
    );
    healed = true;
    await soon(async () =>
      expect((await bus.lag(group)).every(({ behind }) => behind === 0n)).toBe(true),
    );
    expect(new Set(seen.map((one) => one.event.subject)).size).toBe(12);
  });

  it('does not deliver again what a failing handler had committed', async () => {
    const bus = await site().open();
    const { topic, group, event } = await newTopic(bus, 1);
    await bus.publish(range(4).map((n) => event('a', n)));
    const batches: number[][] = [];
    await bus.subscribe({
      group,
      topics: [topic],
      from: 'earliest',
      handle: async (batch, claim) => {
        batches.push(batch.map(numberOf));
        const second = batch.find((one) => numberOf(one) === 2);
        if (second === undefined) return;
        expect(await claim.commit(second.position)).toEqual({ ok: true, value: undefined });
        throw new Error('after the second');
      },
    });
    await soon(() => expect(batches.flat()).toContain(4));
    await soon(() => expect(batches.at(-1)).toContain(4));
    await soon(async () => expect((await bus.lag(group)).map((one) => one.behind)).toEqual([0n]));
    expect(batches.flat().filter((n) => n <= 2)).toEqual([1, 2]);
  });
}
