import { setTimeout as sleep } from 'node:timers/promises';

import { expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';

import type { Claim } from '../../src/bus.ts';
import { createLedger, newTopic } from './counted.ts';
import type { createSite, MemberProcess } from './harness.ts';

type Site = ReturnType<typeof createSite>;
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** What happens when members come, go, die, and come back too late. */
export function membershipContract(site: () => Site, withinMs: number): void {
  const soon = <T>(assertion: () => T | Promise<T>) => eventually(assertion, { withinMs });
  const assignedTo = (member: MemberProcess): number[] =>
    member
      .reports()
      .filter((one) => one.said === 'assigned')
      .at(-1)?.partitions ?? [];

  it('shares the partitions evenly, and shares them anew when a member comes or goes', async () => {
    const bus = await site().open();
    const { topic, group } = await newTopic(bus, 4);
    const join = async () =>
      (await site().open()).subscribe({
        group,
        topics: [topic],
        from: 'earliest',
        handle: () => Promise.resolve(),
      });
    const one = await join();
    await soon(() => expect(one.assigned()).toHaveLength(4));
    const two = await join();
    await soon(() => expect([one, two].map((each) => each.assigned().length)).toEqual([2, 2]));
    const parts = [one, two].flatMap((each) => each.assigned().map(({ partition }) => partition));
    expect(parts.sort()).toEqual([0, 1, 2, 3]);
    await one.stop();
    await soon(() => expect(two.assigned()).toHaveLength(4));
    expect(one.assigned()).toEqual([]);
  });

  it('takes over from a member process that was killed', async () => {
    const bus = await site().open();
    const { topic, group, event } = await newTopic(bus, 4);
    const [doomed, heir] = await Promise.all([
      site().member({ group, topic, workMs: 5 }),
      site().member({ group, topic, workMs: 5 }),
    ]);
    await soon(() => expect([doomed, heir].map((one) => assignedTo(one).length)).toEqual([2, 2]));
    const keys = range(16).map((n) => `key-${n}`);
    for (const n of range(10)) await bus.publish(keys.map((key) => event(key, n)));
    await soon(() => expect(doomed.handled().length).toBeGreaterThan(3));
    await doomed.kill();
    await eventually(() => expect(assignedTo(heir)).toHaveLength(4), { withinMs: 15_000 });
    await bus.publish(keys.map((key) => event(key, 11)));
    // Between its commit and its report it may have died: what it had begun may be done.
    const begun = doomed.reports().filter((one) => one.said === 'handling');
    const done = () =>
      new Set([...begun, ...heir.handled()].map(({ key, n }) => `${key}/${n}`)).size;
    await soon(() => expect(done()).toBe(16 * 11));
    // The heir went on, key by key, with what the other had not committed.
    for (const key of keys) {
      const order = (one: MemberProcess) =>
        one.handled().flatMap((report) => (report.key === key ? [report.n] : []));
      const whole = [...order(doomed), ...order(heir)];
      expect([...whole].sort((a, b) => a - b)).toEqual(whole);
    }
  });

  it('fences a member that was away while others took over', async () => {
    const bus = await site().open();
    const { topic, group, event } = await newTopic(bus, 1);
    const sleeper = await site().member({ group, topic, workMs: 400 });
    await bus.publish(range(3).map((n) => event('a', n)));
    await soon(() => expect(sleeper.handled()).toHaveLength(1));
    sleeper.freeze();
    const heir = await site().member({ group, topic });
    await soon(() => expect(heir.handled().at(-1)).toMatchObject({ n: 3 }));
    const before = sleeper.handled().length;
    sleeper.thaw();
    await soon(() =>
      expect(sleeper.reports()).toContainEqual({ said: 'commit', partition: 0, outcome: 'fenced' }),
    );
    expect(sleeper.handled()).toHaveLength(before);
    await soon(async () => expect((await bus.lag(group)).map((one) => one.behind)).toEqual([0n]));
  });

  it('takes its partitions from a handler that neither ends nor says that it lives', async () => {
    const bus = await site().open();
    const { topic, group, event } = await newTopic(bus, 1);
    await bus.publish([event('a', 1)]);
    const stuck: Claim[] = [];
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const first = await bus.subscribe({
      group,
      topics: [topic],
      from: 'earliest',
      handlerLimitMs: 1500,
      handle: async (_batch, claim) => {
        stuck.push(claim);
        await held;
      },
    });
    await soon(() => expect(stuck).toHaveLength(1));
    const generations: number[] = [];
    await (
      await site().open()
    ).subscribe({
      group,
      topics: [topic],
      from: 'earliest',
      handle: (_batch, { generation }) => Promise.resolve(void generations.push(generation)),
    });
    await soon(() => expect(generations).toHaveLength(1));
    const [claim] = stuck;
    expect(generations[0]).toBeGreaterThan(claim?.generation ?? Infinity);
    await soon(() => expect(claim?.signal.aborted).toBe(true));
    expect(await claim?.commit(0n)).toMatchObject({ ok: false, error: { code: 'fenced' } });
    letGo();
    await first.stop();
  });

  it('lets a long handler keep its partitions by heartbeats', async () => {
    const bus = await site().open();
    const { topic, group, event } = await newTopic(bus, 1);
    await bus.publish([event('a', 1)]);
    let runs = 0;
    let committed: unknown;
    await bus.subscribe({
      group,
      topics: [topic],
      from: 'earliest',
      handlerLimitMs: 1500,
      handle: async (batch, claim) => {
        runs += 1;
        for (let beat = 0; beat < 16; beat += 1) {
          await sleep(250);
          await claim.heartbeat();
        }
        committed = await claim.commit(batch[0]?.position ?? -1n);
      },
    });
    await soon(() => expect(committed).toEqual({ ok: true, value: undefined }));
    expect(runs).toBe(1);
  });

  it('delivers 10,000 events in order per key while three members join and leave', async () => {
    const bus = await site().open();
    const { topic, group, event } = await newTopic(bus, 8);
    const keys = range(100).map((n) => `key-${n}`);
    const ledger = createLedger();
    const member = async (name: string) =>
      (await site().open(name)).subscribe({
        group,
        topics: [topic],
        from: 'earliest',
        maxBatch: 50,
        handle: async (batch) => {
          await sleep(5);
          await ledger.record(batch);
        },
      });
    const publishing = (async () => {
      for (const n of range(100)) {
        await bus.publish(keys.map((key) => event(key, n)));
        await sleep(20);
      }
    })();
    const one = await member('one');
    const two = await member('two');
    await soon(() => expect(ledger.size()).toBeGreaterThan(500));
    const three = await member('three');
    await soon(() => expect(ledger.size()).toBeGreaterThan(2000));
    await one.stop();
    await soon(() => expect(ledger.size()).toBeGreaterThan(4000));
    const again = await member('one again');
    await two.stop();
    await publishing;
    await soon(() => expect(ledger.missing(keys, 100)).toBe(0));
    expect(ledger.size()).toBe(10_000);
    expect(ledger.gaps()).toEqual([]);
    await Promise.all([three.stop(), again.stop()]);
    expect((await bus.lag(group)).every(({ behind }) => behind === 0n)).toBe(true);
  });

  it('keeps order per key while publishers compete', async () => {
    const bus = await site().open();
    const { topic, group, event } = await newTopic(bus, 4);
    const ledger = createLedger();
    await bus.subscribe({
      group,
      topics: [topic],
      from: 'earliest',
      handle: (batch) => ledger.record(batch),
    });
    await Promise.all(
      range(6).map(async (publisher) => {
        const own = await site().open(`publisher-${publisher}`);
        const keys = range(5).map((n) => `key-${publisher}-${n}`);
        for (const n of range(40)) await own.publish(keys.map((key) => event(key, n)));
      }),
    );
    await soon(() => expect(ledger.size()).toBe(6 * 5 * 40));
    expect(ledger.gaps()).toEqual([]);
  });
}
