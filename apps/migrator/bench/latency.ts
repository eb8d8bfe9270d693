import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { EventBus } from '@newscience/event-bus/bus';
import { percentile } from '@newscience/measure/statistics';
import { startConsumer } from '@newscience/outbox/consumer';

import { articleTypes, haveEffect } from '../test/backbone/article-effects.ts';
import { type BenchSite, logger } from './site.ts';

export type Latency = { readonly p50: number; readonly p99: number };

export type LatencyOptions = {
  readonly count: number;
  /** Milliseconds between two commits: the load is far below what the backbone takes. */
  readonly everyMs: number;
  /** Commits the n-th change and gives back the name under which the consumer will know it. */
  readonly commit: (n: number) => Promise<string>;
};

/**
 * Milliseconds from a producer's commit to the consumer's handler, for a consumer that is waiting. Both are this
 * process, so that one clock measures.
 *
 * @throws Error where something does not arrive within a minute
 */
export async function latency(
  { pool }: Pick<BenchSite, 'pool'>,
  bus: EventBus,
  { count, everyMs, commit }: LatencyOptions,
): Promise<Latency> {
  const arrived = new Map<string, number>();
  const consumer = await startConsumer({
    ...{ bus, pool, logger, types: articleTypes, topics: ['newscience.article'] },
    ...{ group: `bench-${randomUUID()}`, from: 'latest' },
    handle: async (client, event) => {
      const name = `${event.data.id}/${event.data.revision}`;
      if (!arrived.has(name)) arrived.set(name, performance.now());
      await haveEffect(client, event);
    },
  });
  try {
    await sleep(3000); // the partitions have been claimed by then
    const committed = new Map<string, number>();
    for (let n = 0; n < count; n += 1) {
      const name = await commit(n);
      committed.set(name, performance.now());
      await sleep(everyMs);
    }
    const deadline = performance.now() + 60_000;
    const missing = () => [...committed.keys()].filter((name) => !arrived.has(name));
    while (missing().length > 0) {
      if (performance.now() > deadline)
        throw new Error(`${missing().length} of ${count} have not arrived: ${missing()[0] ?? ''}`);
      await sleep(50);
    }
    // Warm-up is not what is asked for.
    const times = [...committed]
      .slice(Math.floor(count / 10))
      .map(([name, at]) => Math.max(0, (arrived.get(name) ?? 0) - at))
      .sort((a, b) => a - b);
    return { p50: percentile(times, 50), p99: percentile(times, 99) };
  } finally {
    await consumer.stop();
  }
}
