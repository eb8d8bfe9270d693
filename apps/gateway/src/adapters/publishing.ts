import { setTimeout as sleep } from 'node:timers/promises';
import { connectBus } from '@newscience/event-bus/connect';
import { declareInBackground } from '@newscience/event-bus/declare';
import { topics } from '@newscience/event-contracts/topics';
import { startRelay } from '@newscience/outbox/relay';
import { messageOf } from '@newscience/service-kit/error-text';
import type { Logger } from '@newscience/service-kit/logging';
import type { Metrics } from '@newscience/service-kit/metrics';
import type { Secret } from '@newscience/service-kit/secret';

export type PublishingOptions = {
  busUrl: Secret;
  databaseUrl: string;
  logger: Logger;
  metrics: Metrics;
};

export type Publishing = {
  /** How the bus is, for the readiness; rejects while it is away. */
  check: () => Promise<string>;
  /** Within half a second: what is not published by then waits in the database. */
  stop: () => Promise<void>;
};

const STOP_MS = 500;
const name = 'gateway';

/**
 * Publishes the events of the route table, beside everything else: neither start nor requests nor changes wait for
 * the bus, and what it cannot take yet stays in the outbox.
 *
 * @throws TypeError for a URL that no bus has
 */
export async function startPublishing(options: PublishingOptions): Promise<Publishing> {
  const { busUrl, databaseUrl, logger, metrics } = options;
  const bus = await connectBus({ url: busUrl, name, logger, metrics, connections: 2 });
  const declaring = declareInBackground(bus, topics, logger);
  const relay = startRelay({
    databaseUrl,
    applicationName: 'gateway-relay',
    bus,
    logger,
    metrics,
  });

  let asking: Promise<unknown> | undefined;
  // One question at a time, however often and impatiently the readiness is asked for.
  const ask = (): Promise<unknown> =>
    (asking ??= bus.lag(name).finally(() => (asking = undefined)));

  const close = async (): Promise<void> => {
    await relay.stop();
    await declaring.stop();
    await bus.close();
  };
  return {
    async check() {
      const failure = declaring.failure();
      if (failure !== undefined) throw new Error(`topics not declared (${messageOf(failure)})`);
      await ask();
      return `publishes ${relay.partitions().length} of 16 partitions of the outbox`;
    },
    async stop() {
      const closing = close().catch((error: unknown) =>
        logger.warn({ err: error }, 'publishing did not end as it should'),
      );
      await Promise.race([closing, sleep(STOP_MS, undefined, { ref: false })]);
    },
  };
}
