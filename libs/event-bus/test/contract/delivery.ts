import { expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';

import type { EventBus } from '../../src/bus.ts';
import { createLedger, keysForPartitions, newTopic, policyOf } from './counted.ts';
import type { createSite } from './harness.ts';

type Site = ReturnType<typeof createSite>;
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** What every bus does while nothing goes wrong. */
export function deliveryContract(site: () => Site, withinMs: number): void {
  const soon = <T>(assertion: () => T | Promise<T>) => eventually(assertion, { withinMs });

  const collect = async (bus: EventBus, group: string, topic: string) => {
    const ledger = createLedger();
    const subscription = await bus.subscribe({
      group,
      topics: [topic],
      from: 'earliest',
      handle: (batch) => ledger.record(batch),
    });
    return { ledger, subscription };
  };

  it('delivers an event as it was published', async () => {
    const bus = await site().open();
    const { topic, group, event } = await newTopic(bus);
    const sent = {
      ...event('kéy ☃', 1),
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      dataschema: 'urn:newscience:test:1',
      data: { text: 'a\u0000b "\\" \u2028 😀', number: 1e21, deep: [{ no: null }], empty: {} },
    };
    const received: unknown[] = [];
    await bus.subscribe({
      group,
      topics: [topic],
      from: 'earliest',
      handle: (batch) => Promise.resolve(void received.push(...batch)),
    });
    await bus.publish([sent]);
    await soon(() => expect(received).toMatchObject([{ event: sent, topic, attempt: 1 }]));
  });

  it('carries an event of a megabyte and refuses one of more than four', async () => {
    const bus = await site().open();
    const { topic, group, event } = await newTopic(bus);
    const { ledger } = await collect(bus, group, topic);
    await bus.publish([{ ...event('large', 1), data: { n: 1, text: 'ü'.repeat(500_000) } }]);
    await soon(() => expect(ledger.size()).toBe(1));
    const tooLarge = { ...event('large', 2), data: { n: 2, text: 'ü'.repeat(2_100_000) } };
    await expect(bus.publish([tooLarge])).rejects.toMatchObject({ code: 'event_too_large' });
  });

  it('keeps events of a key in order, and one partition at one member', async () => {
    const bus = await site().open();
    const { topic, group, event } = await newTopic(bus);
    const keys = range(20).map((n) => `key-${n}`);
    for (const n of range(50)) await bus.publish(keys.map((key) => event(key, n)));
    const { ledger } = await collect(bus, group, topic);
    await soon(() => expect(ledger.size()).toBe(1000));
    expect(ledger.gaps()).toEqual([]);
    expect(ledger.deliveries()).toBe(1000);
  });

  it('replays everything to a group that starts at the earliest, and nothing old to one at the latest', async () => {
    const bus = await site().open();
    const { topic, group, event } = await newTopic(bus);
    await bus.publish(range(30).map((n) => event('a', n)));
    const first = await collect(bus, group, topic);
    const late: number[] = [];
    await bus.subscribe({
      group: `${group}-late`,
      topics: [topic],
      from: 'latest',
      handle: (batch) => Promise.resolve(void late.push(batch.length)),
    });
    await soon(() => expect(first.ledger.size()).toBe(30));
    const second = await collect(bus, `${group}-second`, topic);
    await soon(() => expect(second.ledger.size()).toBe(30));
    expect(late).toEqual([]);
    await bus.publish([event('a', 31)]);
    await soon(() => expect(late).toEqual([1]));
  });

  it('goes on where the group had stopped, in another process as well', async () => {
    const bus = await site().open();
    const { topic, group, event } = await newTopic(bus);
    await bus.publish(range(10).map((n) => event('a', n)));
    const before = await collect(bus, group, topic);
    await soon(() => expect(before.ledger.size()).toBe(10));
    await before.subscription.stop();
    await bus.publish(range(5).map((n) => event('a', 10 + n)));
    const other = await site().open('another-process');
    const seen: bigint[] = [];
    await other.subscribe({
      group,
      topics: [topic],
      from: 'earliest',
      handle: (batch) => Promise.resolve(void seen.push(...batch.map(({ position }) => position))),
    });
    await soon(() => expect(seen).toHaveLength(5));
    expect(before.ledger.size()).toBe(10);
  });

  it('delivers to every group, and to several topics of one group', async () => {
    const bus = await site().open();
    const [one, two] = [await newTopic(bus), await newTopic(bus)];
    const ledger = createLedger();
    await bus.subscribe({
      group: one.group,
      topics: [one.topic, two.topic],
      from: 'earliest',
      handle: (batch) => ledger.record(batch),
    });
    const { ledger: alone } = await collect(bus, two.group, two.topic);
    await bus.publish([one.event('a', 1), two.event('b', 1)]);
    await soon(() => expect([ledger.size(), alone.size()]).toEqual([2, 1]));
  });

  it('hands out no more than was asked for in one batch', async () => {
    const bus = await site().open();
    const { topic, group, event } = await newTopic(bus, 1);
    await bus.publish(range(25).map((n) => event('a', n)));
    const sizes: number[] = [];
    await bus.subscribe({
      group,
      topics: [topic],
      from: 'earliest',
      maxBatch: 10,
      handle: (batch) => Promise.resolve(void sizes.push(batch.length)),
    });
    await soon(() => expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(25));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
  });

  it('declares topics as often as one likes, with the partitions they have', async () => {
    const bus = await site().open();
    const { topic } = await newTopic(bus, 4);
    await bus.declareTopics([policyOf(topic, 4)]);
    for (const partitions of [3, 5])
      await expect(bus.declareTopics([policyOf(topic, partitions)])).rejects.toMatchObject({
        code: 'partitions_fixed',
      });
  });

  it('publishes to and reads from declared topics only', async () => {
    const bus = await site().open();
    const { event, group } = await newTopic(bus);
    const lost = { ...event('a', 1), type: 'newscience.nowhere.Counted.v1' };
    await expect(bus.publish([lost])).rejects.toMatchObject({ code: 'topic_unknown' });
    await expect(
      bus.subscribe({
        group,
        topics: ['newscience.nowhere'],
        from: 'earliest',
        handle: () => Promise.resolve(),
      }),
    ).rejects.toMatchObject({ code: 'topic_unknown' });
  });

  it('refuses what is no event, and publishes nothing of its batch', async () => {
    const bus = await site().open();
    const { topic, group, event } = await newTopic(bus);
    const { ledger } = await collect(bus, group, topic);
    const broken = { ...event('a', 1), subject: '' };
    await expect(bus.publish([event('a', 1), broken])).rejects.toMatchObject({
      code: 'event_invalid',
    });
    await bus.publish([event('b', 1)]);
    await soon(() => expect(ledger.highest('b')).toBe(1));
    expect(ledger.size()).toBe(1);
  });

  it('says how far a group is behind, partition by partition', async () => {
    const bus = await site().open();
    const { topic, group, event } = await newTopic(bus, 2);
    expect(await bus.lag(group)).toEqual([]);
    const { ledger, subscription } = await collect(bus, group, topic);
    const [key = ''] = keysForPartitions(2);
    await bus.publish(range(3).map((n) => event(key, n)));
    await soon(() => expect(ledger.size()).toBe(3));
    const behind = async () => (await bus.lag(group)).map((one) => one.behind).sort();
    await soon(async () => expect(await behind()).toEqual([0n, 0n]));
    await subscription.stop();
    await bus.publish(range(4).map((n) => event(key, 3 + n)));
    await soon(async () => expect(await behind()).toEqual([0n, 4n]));
    expect(await bus.lag(group)).toMatchObject([
      { topic, partition: 0 },
      { topic, partition: 1 },
    ]);
  });

  it('finishes the batch at hand when it stops, and commits it', async () => {
    const bus = await site().open();
    const { topic, group, event } = await newTopic(bus, 1);
    await bus.publish([event('a', 1)]);
    let finish = (): void => undefined;
    let begun = 0;
    const subscription = await bus.subscribe({
      group,
      topics: [topic],
      from: 'earliest',
      handle: async () => {
        begun += 1;
        await new Promise<void>((resolve) => (finish = resolve));
      },
    });
    await soon(() => expect(begun).toBe(1));
    const stopped = subscription.stop();
    finish();
    await stopped;
    const { ledger } = await collect(bus, group, topic);
    await bus.publish([event('b', 1)]);
    await soon(() => expect(ledger.highest('b')).toBe(1));
    expect(ledger.size()).toBe(1);
  });
}
