import { setTimeout as sleep } from 'node:timers/promises';

import type { EventBus } from '@newscience/event-bus/bus';
import { connectBus } from '@newscience/event-bus/connect';
import { createLogger } from '@newscience/service-kit/logging';
import { createPool } from '@newscience/service-kit/postgres';
import { seededRandom } from '@newscience/testing/seeded-random';
import { type SupervisedService, superviseService } from '@newscience/testing/supervised-service';
import type pg from 'pg';

import { createWriter, type Writer } from './legacy-writer.ts';
import { appendEvents } from './outbox-events.ts';
import { type BackboneSite, openBackbone, type SiteOptions } from './site.ts';
import { differences, effects, type Finding } from './verdict.ts';

export type RunOptions = SiteOptions & {
  readonly seed: number;
  readonly articles: number;
  readonly perSecond: number;
  /** How often the migrators are killed before their first snapshot has been told. */
  readonly snapshotKills: number;
  /** Which part of the consumer is switched off: `inbox`, or nothing. */
  readonly breaks: string;
};

/** A backbone at work: written to at one end, consumed at the other. */
export type Running = {
  readonly site: BackboneSite;
  readonly writer: Writer;
  readonly services: Readonly<Record<string, SupervisedService>>;
  readonly consumers: readonly SupervisedService[];
  /** Of the drill itself, for looking. */
  readonly bus: EventBus;
  readonly legacy: pg.Pool;
  readonly consumer: pg.Pool;
  readonly outbox: pg.Pool;
};

/** Starts everything, fills the legacy database, and waits until the consumer has what is in it. */
export async function startBackbone(options: RunOptions): Promise<Running> {
  const { cleanUp, breaks, producer } = options;
  const site = await openBackbone(options);
  const logger = createLogger({ service: 'drill', level: 'fatal' });
  const poolOf = ({ url }: { url: string }): pg.Pool => {
    const pool = createPool({ url, applicationName: 'drill', logger, max: 2 });
    cleanUp(() => pool.end());
    return pool;
  };
  const [legacy, consumer, outbox] = [site.legacy, site.consumer, site.outbox].map(poolOf);
  if (legacy === undefined || consumer === undefined || outbox === undefined)
    throw new Error('there are three');
  const bus = await connectBus({ url: site.busUrl, name: 'drill', logger });
  cleanUp(() => bus.close());
  const writer = createWriter({
    ...{ databaseUrl: site.legacy.url, seed: options.seed },
    ...{ articles: options.articles, perSecond: options.perSecond },
    ...(producer === 'outbox' ? { within: appendEvents } : {}),
  });
  cleanUp(() => writer.close());
  // Before capture begins, so that there is something for its snapshot.
  await writer.fill();

  const services: Record<string, SupervisedService> = {};
  const start = async (name: string, of: Parameters<typeof superviseService>[0]) => {
    const service = await superviseService(of);
    cleanUp(() => service.stop());
    services[name] = service;
    return service;
  };
  const consumers = await Promise.all(
    ['consumer-1', 'consumer-2'].map((name) =>
      start(name, site.services.consumer(name, { breaks })),
    ),
  );
  if (producer === 'capture')
    for (const name of ['migrator-1', 'migrator-2'])
      await start(name, site.services.migrator(name));
  else await start('relay-1', site.services.relay('relay-1'));
  await start('relay-2', site.services.relay('relay-2'));

  if (producer === 'capture') await killInSnapshot(options, services);
  const running = { site, writer, services, consumers, bus, legacy, consumer, outbox };
  await settled(running, 120_000);
  return running;
}

/** Kills and restarts the migrators in turn, a moment after they are up. */
async function killInSnapshot(
  { seed, snapshotKills }: RunOptions,
  services: Readonly<Record<string, SupervisedService>>,
): Promise<void> {
  const random = seededRandom(seed);
  const migrators = ['migrator-1', 'migrator-2'].flatMap((name) => services[name] ?? []);
  for (let n = 0; n < snapshotKills; n += 1) {
    await sleep(random.between(0, 400));
    await Promise.all(migrators.map((migrator) => migrator.kill()));
    await Promise.all(migrators.map((migrator) => migrator.start()));
  }
}

export const POLL_MS = 500;

/**
 * Waits until the consumer knows what the legacy database has.
 *
 * @param patienceMs gives up when nothing has changed for so long
 * @returns the differences that are left: none, or what never came
 */
export async function settled(
  { legacy, consumer }: Pick<Running, 'legacy' | 'consumer'>,
  patienceMs: number,
): Promise<Finding> {
  let [last, since] = ['', performance.now()];
  for (;;) {
    const [left, { count }] = await Promise.all([differences(legacy, consumer), effects(consumer)]);
    if (left.count === 0) return left;
    const state = `${left.count} ${count}`;
    if (state !== last) [last, since] = [state, performance.now()];
    if (performance.now() - since > patienceMs) return left;
    await sleep(POLL_MS);
  }
}
