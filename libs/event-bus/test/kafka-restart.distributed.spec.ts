import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';

import { createLedger, newTopic } from './contract/counted.ts';
import { createSite } from './contract/harness.ts';
import { type Broker, hasDocker, startBroker } from './kafka-broker.ts';

((await hasDocker()) ? describe : describe.skip)('with a Docker engine: the bus on Kafka', () => {
  let broker: Broker | undefined;
  let site: ReturnType<typeof createSite>;
  beforeAll(async () => {
    broker = await startBroker();
    site = createSite({ url: () => broker?.url ?? '' });
  }, 120_000);
  afterAll(async () => {
    await site.close();
    await broker?.remove();
  }, 120_000);

  it('goes on, with nothing lost and no gap, after the broker was killed and after it was restarted', async () => {
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
        await sleep(50);
      }
    })();
    const more = async (): Promise<void> => {
      const before = ledger.size();
      await eventually(() => expect(ledger.size()).toBeGreaterThan(before + 100), {
        withinMs: 90_000,
      });
    };
    await more();
    await broker?.crash();
    await sleep(8000); // longer than a session
    await broker?.start();
    await more();
    await broker?.restart();
    await more();
    done = true;
    await publishing;
    await eventually(() => expect(ledger.missing(keys, n)).toBe(0), { withinMs: 60_000 });
    expect(ledger.gaps()).toEqual([]);
  }, 400_000);
});
