import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { EventBus } from '@newscience/event-bus/bus';
import type { CloudEvent } from '@newscience/event-contracts/envelope';
import { startConsumer } from '@newscience/outbox/consumer';

import { articleTypes, haveEffect } from '../test/backbone/article-effects.ts';
import { type BenchSite, logger, perSecond } from './site.ts';

const topics = ['newscience.article'];
const PUBLISH_AT_ONCE = 500;

/** Events in a second that one member takes from the bus and has effects of, each once. */
export const consumerRate = (
  { pool }: Pick<BenchSite, 'pool'>,
  bus: EventBus,
  events: readonly CloudEvent[],
): Promise<number> =>
  rate(bus, events, async (group, handled) => {
    const consumer = await startConsumer({
      ...{ bus, pool, logger, group, topics, types: articleTypes, from: 'latest' },
      handle: async (client, event) => {
        await haveEffect(client, event);
        handled();
      },
    });
    return () => consumer.stop();
  });

/** The same without any effect: what the bus alone delivers. */
export const deliveryRate = (bus: EventBus, events: readonly CloudEvent[]): Promise<number> =>
  rate(bus, events, async (group, handled) => {
    const subscription = await bus.subscribe({
      ...{ group, topics, from: 'latest' },
      handle: (batch) => {
        batch.forEach(handled);
        return Promise.resolve();
      },
    });
    return () => subscription.stop();
  });

type Start = (group: string, handled: () => void) => Promise<() => Promise<void>>;

/** From the first event handled to the last one: joining a group has nothing to do with throughput. */
async function rate(bus: EventBus, events: readonly CloudEvent[], start: Start): Promise<number> {
  const group = `bench-${randomUUID()}`;
  await joinAtTheEnd(bus, group);
  for (let from = 0; from < events.length; from += PUBLISH_AT_ONCE)
    await bus.publish(events.slice(from, from + PUBLISH_AT_ONCE));
  const times: { first?: number; handled: number } = { handled: 0 };
  let end = (): void => undefined;
  const over = new Promise<void>((resolve) => (end = resolve));
  const stop = await start(group, () => {
    times.first ??= performance.now();
    times.handled += 1;
    if (times.handled === events.length) end();
  });
  await over;
  const milliseconds = performance.now() - (times.first ?? 0);
  await stop();
  return perSecond(events.length, milliseconds);
}

/** A new group that has seen all there is so far. */
async function joinAtTheEnd(bus: EventBus, group: string): Promise<void> {
  const subscription = await bus.subscribe({
    ...{ group, topics, from: 'latest', handle: () => Promise.resolve() },
  });
  while (subscription.assigned().length === 0) await sleep(20);
  await sleep(500);
  await subscription.stop();
}
