import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { EventBus } from '@newscience/event-bus/bus';
import { connectBus } from '@newscience/event-bus/connect';
import { topics } from '@newscience/event-contracts/topics';
import { createPool, withTransaction } from '@newscience/service-kit/postgres';
import { seededRandom } from '@newscience/testing/seeded-random';
import { startService } from '@newscience/testing/service-process';

import { changeName, changeOf, ensureSections } from '../test/backbone/legacy-changes.ts';
import { openBackbone } from '../test/backbone/site.ts';
import { type Latency, latency } from './latency.ts';
import { logger, perSecond, timed } from './site.ts';

const WRITERS = 3;

export type CaptureBench = {
  /** From the commit of an editor's change to the consumer's handler. */
  readonly latency: (count: number, everyMs: number) => Promise<Latency>;
  /**
   * Legacy changes a second that get from the legacy database onto the bus, written without pause.
   *
   * @param together how many are in one transaction
   */
  readonly throughput: (count: number, together: number) => Promise<number>;
};

/** Starts a legacy database with the migrator behind it, as `npm start` does. */
export async function openCapture(cleanUp: (undo: () => unknown) => void): Promise<CaptureBench> {
  const folder = mkdtempSync(join(tmpdir(), 'newscience-bench-'));
  cleanUp(() => rmSync(folder, { recursive: true, force: true }));
  const site = await openBackbone({ bus: 'postgres', producer: 'capture', folder, cleanUp });
  const migrator = await startService(site.services.migrator('migrator'));
  cleanUp(() => migrator.stop());
  const pool = (url: string) => {
    const made = createPool({ url, applicationName: 'bench', logger, max: 4 });
    cleanUp(() => made.end());
    return made;
  };
  const [legacy, consumer] = [pool(site.legacy.url), pool(site.consumer.url)];
  const bus = await connectBus({ url: site.busUrl, name: 'bench', logger });
  cleanUp(() => bus.close());

  await ensureSections(legacy);
  const random = seededRandom(1);
  let changes = 0;
  const commit = async (together: number): Promise<readonly string[]> => {
    const written = Array.from({ length: together }, () => {
      changes += 1;
      // Always published, and never withdrawn.
      return changeOf(`bench-${changes}`, changes, { ...random, next: () => 1 });
    });
    return withTransaction(legacy, async (client) => {
      const names: string[] = [];
      for (const change of written) names.push(changeName(await change.apply(client)));
      return names;
    });
  };
  await bus.declareTopics(topics);
  const arrivals = await watchArrivals(bus);
  await arrivals.all(await commit(1));
  return {
    latency: (count, everyMs) =>
      latency({ pool: consumer }, bus, {
        ...{ count, everyMs },
        commit: async () => (await commit(1))[0] ?? '',
      }),
    throughput: async (count, together) => {
      const milliseconds = await timed(async () => {
        const names: string[] = [];
        const writers = Array.from({ length: WRITERS }, async () => {
          while (names.length < count) names.push(...(await commit(together)));
        });
        await Promise.all(writers);
        await arrivals.all(names);
      });
      return perSecond(count, milliseconds);
    },
  };
}

/** Notes the events that come over the bus. */
async function watchArrivals(
  bus: EventBus,
): Promise<{ readonly all: (ids: readonly string[]) => Promise<void> }> {
  const seen = new Set<string>();
  await bus.subscribe({
    ...{ group: 'bench-arrivals', topics: ['newscience.article'], from: 'earliest' },
    handle: (batch) => {
      for (const { event } of batch) seen.add(event.id);
      return Promise.resolve();
    },
  });
  return {
    all: async (ids) => {
      const deadline = performance.now() + 300_000;
      while (!ids.every((id) => seen.has(id))) {
        if (performance.now() > deadline) throw new Error('Changes have not arrived on the bus.');
        await sleep(10);
      }
    },
  };
}
