import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';

import { createLedger, newTopic } from './contract/counted.ts';
import type { createSite } from './contract/harness.ts';

/**
 * Publishes and consumes over two members while the engine goes through what it goes through, and checks that all
 * arrived in order per key.
 *
 * @param outages done one after the other, each when events flow
 * @param withinMs how long the flow may take to be back
 */
export async function ridesOut(
  site: ReturnType<typeof createSite>,
  outages: readonly (() => Promise<void>)[],
  withinMs: number,
): Promise<void> {
  const [bus, other] = [await site.open('one'), await site.open('two')];
  const { topic, group, event } = await newTopic(bus, 4);
  const ledger = createLedger();
  for (const each of [bus, other])
    await each.subscribe({
      group,
      topics: [topic],
      from: 'earliest',
      handle: (batch) => ledger.record(batch),
    });
  const keys = Array.from({ length: 10 }, (_, n) => `key-${n}`);
  let [n, done] = [0, false];
  const publishing = (async () => {
    while (!done) {
      n += 1;
      for (let stored = false; !stored;)
        stored = await bus.publish(keys.map((key) => event(key, n))).then(
          () => true,
          () => false,
        );
      await sleep(20);
    }
  })();
  const flows = async (): Promise<void> => {
    const before = ledger.size();
    await eventually(() => expect(ledger.size()).toBeGreaterThan(before + 100), { withinMs });
  };
  await flows();
  for (const outage of outages) {
    await outage();
    await flows();
  }
  done = true;
  await publishing;
  await eventually(() => expect(ledger.missing(keys, n)).toBe(0), { withinMs });
  expect(ledger.gaps()).toEqual([]);
}
