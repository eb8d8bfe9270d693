import type { EventBus } from '@newscience/event-bus/bus';
import { topics } from '@newscience/event-contracts/topics';
import { type Consumer, type ConsumerOptions, startConsumer } from '@newscience/outbox/consumer';
import type { KnownType } from '@newscience/event-contracts/registry';
import { messageOf } from '@newscience/service-kit/error-text';
import { setTimeout as sleep } from 'node:timers/promises';

import { recordArrival } from './record-arrival.ts';

/** The name under which all instances share the events of all topics. */
export const CONSUMER_GROUP = 'activity-service';

export type ConsumingStatus =
  { readonly kind: 'joining'; readonly because: string } | { readonly kind: 'joined' };

export type Consuming = {
  readonly status: () => ConsumingStatus;
  /** Finishes what it is at and hands its partitions over. */
  readonly stop: () => Promise<void>;
};

export type ConsumingOptions = {
  readonly bus: Pick<EventBus, 'declareTopics' | 'subscribe'>;
  /** First pause before another try to join, milliseconds; doubles up to 5000. Default 250. */
  readonly retryMs?: number;
} & Pick<
  ConsumerOptions<KnownType>,
  'pool' | 'logger' | 'metrics' | 'retry' | 'pollMs' | 'maxBatch'
>;

const LONGEST_PAUSE_MS = 5000;

/** Consumes every event of all topics, from the first one that the bus has. Tries to join for as long as it takes. */
export function startConsuming({ bus, retryMs = 250, ...options }: ConsumingOptions): Consuming {
  const { logger } = options;
  const stopping = new AbortController();
  const isStopping = (): boolean => stopping.signal.aborted;
  let status: ConsumingStatus = { kind: 'joining', because: 'it has only just started' };
  let consumer: Consumer | undefined;

  const join = async (): Promise<void> => {
    for (let failures = 0; !isStopping();) {
      try {
        await bus.declareTopics(topics);
        consumer = await startConsumer({
          ...options,
          bus,
          group: CONSUMER_GROUP,
          topics: topics.map(({ topic }) => topic),
          from: 'earliest',
          handle: recordArrival,
        });
        status = { kind: 'joined' };
        logger.info({ group: CONSUMER_GROUP }, 'joined the event bus');
        return;
      } catch (error) {
        failures += 1;
        status = { kind: 'joining', because: messageOf(error) };
        logger[failures === 1 ? 'warn' : 'debug']({ err: error }, 'the event bus cannot be joined');
      }
      const pauseMs = Math.min(retryMs * 2 ** (failures - 1), LONGEST_PAUSE_MS);
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };

  const joining = join();
  return {
    status: () => status,
    stop: async () => {
      stopping.abort();
      await joining;
      await consumer?.stop();
    },
  };
}
