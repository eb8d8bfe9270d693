import type { EventBus, SubscribeOptions } from '@newscience/event-bus/bus';
import type { KnownType } from '@newscience/event-contracts/registry';
import type { Logger } from '@newscience/service-kit/logging';
import type { Metrics } from '@newscience/service-kit/metrics';
import type pg from 'pg';

import { consumerMetrics } from './consumer-metrics.ts';
import type { RetryPolicy } from './domain/failure.ts';
import type { Outcome, Work } from './handling.ts';
import { cleanInbox } from './inbox.ts';
import { eventPreparation, type HandlerOptions } from './prepare-event.ts';
import { startRetrier } from './retrier.ts';
import { takeBatch } from './take-batch.ts';

/** Times in milliseconds. */
export type ConsumerOptions<T extends KnownType> = HandlerOptions<T> &
  Pick<SubscribeOptions, 'group' | 'topics' | 'from' | 'maxBatch'> & {
    readonly bus: Pick<EventBus, 'subscribe'>;
    /** The service's own database: effects, inbox and dead letters are there together. */
    readonly pool: pg.Pool;
    readonly logger: Logger;
    readonly metrics?: Metrics;
    /** Of events that fail. Default 10 attempts, pauses of up to 250 ms, doubling to 30 s. */
    readonly retry?: RetryPolicy;
    /**
     * How long the inbox remembers. A repetition that comes later has its effect again, so it has to be longer than
     * the bus may take to deliver an event again. Default 7 days.
     */
    readonly keepMs?: number;
    /** How often to remove what is older. Default 1 hour. */
    readonly cleanEveryMs?: number;
    /** How often to look for due retries without being told. Default 1000. */
    readonly pollMs?: number;
  };

export type Consumer = {
  /** Finishes what it is at and hands the partitions over. */
  readonly stop: () => Promise<void>;
};

const DAY_MS = 86_400_000;
const SAMPLE_EVERY_MS = 5000;
const defaultRetry: RetryPolicy = { attempts: 10, baseMs: 250, capMs: 30_000 };
const held: ReadonlySet<Outcome> = new Set(['failed', 'waiting']);

/**
 * Handles the events of some topics, each once in effect and in order per key, as a member of a group. An event
 * that fails is tried again while later ones of its key wait and all other keys flow; after the last attempt it
 * is a dead letter and its key flows again.
 *
 * @throws BusError where the bus cannot be joined
 */
export async function startConsumer<T extends KnownType>(
  options: ConsumerOptions<T>,
): Promise<Consumer> {
  const { bus, pool, group, logger, retry = defaultRetry, pollMs = 1000 } = options;
  const { keepMs = 7 * DAY_MS, cleanEveryMs = DAY_MS / 24 } = options;
  const metrics = consumerMetrics(options.metrics, { pool, consumer: group });
  const work: Work = {
    pool,
    consumer: group,
    policy: retry,
    logger,
    prepare: eventPreparation(options),
    observe: (outcome) => {
      metrics.observe(outcome);
      if (held.has(outcome)) retrier.wake();
    },
  };
  const retrier = startRetrier(work, pollMs);
  const every = (ms: number, what: string, task: () => Promise<unknown>): NodeJS.Timeout =>
    setInterval(() => {
      task().catch((error: unknown) => logger.warn({ err: error }, `${what} failed`));
    }, ms).unref();
  const timers = [
    every(cleanEveryMs, 'cleaning the inbox', () => cleanInbox(pool, keepMs)),
    every(SAMPLE_EVERY_MS, 'counting what waits', metrics.sample),
  ];
  const leave = async (): Promise<void> => {
    timers.forEach((timer) => clearInterval(timer));
    await retrier.stop();
  };

  try {
    const { topics, from, maxBatch } = options;
    const subscription = await bus.subscribe({
      ...{ group, topics, from },
      ...(maxBatch === undefined ? {} : { maxBatch }),
      handle: async (batch, claim) => {
        const started = performance.now();
        await takeBatch(work, batch, claim);
        const last = batch.at(-1);
        // The effects are committed, so the position may be. Fenced, the new owner finds them in the inbox.
        if (last !== undefined && !(await claim.commit(last.position)).ok) metrics.fenced();
        metrics.handledIn((performance.now() - started) / 1000);
      },
    });
    return {
      stop: async () => {
        await subscription.stop();
        await leave();
      },
    };
  } catch (error) {
    await leave();
    throw error;
  }
}
