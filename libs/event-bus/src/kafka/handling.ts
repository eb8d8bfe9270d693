import { fromKafkaMessage } from '@newscience/event-contracts/kafka-message';
import type { Logger } from '@newscience/service-kit/logging';
import { err, ok } from '@newscience/service-kit/result';
import type { EachBatchPayload, KafkaMessage } from 'kafkajs';

import type { Claim, Delivery, SubscribeOptions, TopicPartition } from '../bus.ts';
import { DEFAULT_HANDLER_LIMIT_MS } from '../bus.ts';
import { retryPause } from '../retry-pause.ts';
import { asBusError, isFenced } from './kafka-fault.ts';

export type Handling = {
  readonly at: TopicPartition;
  readonly generation: number;
  readonly messages: readonly KafkaMessage[];
  readonly payload: EachBatchPayload;
  readonly subscription: SubscribeOptions;
  readonly attempt: (position: bigint) => number;
  readonly onCommitted: (position: bigint) => void;
  /** Between two signs of life while the handler works. */
  readonly heartbeatMs: number;
  readonly logger: Logger;
};

/**
 * Hands one batch to the handler and commits it. The client knows a member to be alive only between two
 * batches, so signs of life are sent here for as long as the handler is within its limit.
 *
 * @returns `lost` where the group went on without this member; rejects with what the handler rejected with
 */
export async function handleMessages(handling: Handling): Promise<'done' | 'lost'> {
  const { at, generation, messages, payload, subscription, logger } = handling;
  const last = messages.at(-1);
  if (last === undefined) return 'done';
  const limitMs = subscription.handlerLimitMs ?? DEFAULT_HANDLER_LIMIT_MS;
  const lost = new AbortController();
  let aliveSince = performance.now();

  const commit = async (position: bigint): Promise<boolean> => {
    if (lost.signal.aborted) return false;
    const offset = String(position + 1n);
    const partitions = [{ partition: at.partition, offset }];
    try {
      await payload.commitOffsetsIfNecessary({ topics: [{ topic: at.topic, partitions }] });
    } catch (error) {
      if (!isFenced(error)) throw asBusError(error);
      lost.abort();
      return false;
    }
    payload.resolveOffset(String(position));
    handling.onCommitted(position);
    return true;
  };

  const claim: Claim = {
    ...at,
    generation,
    signal: lost.signal,
    commit: async (position) =>
      (await commit(position))
        ? ok(undefined)
        : err({
            code: 'fenced',
            detail: `${at.topic}/${at.partition} is no longer this member's (generation ${generation}).`,
          }),
    heartbeat: () => {
      aliveSince = performance.now();
      return Promise.resolve();
    },
  };

  const signOfLife = setInterval(() => {
    if (performance.now() - aliveSince > limitMs) {
      if (!lost.signal.aborted)
        logger.error(at, 'a handler takes too long: the partitions are given up');
      lost.abort();
      return;
    }
    payload.heartbeat().catch((error: unknown) => {
      // A rebalance waits for this batch; anything else of this kind has not waited.
      if (isFenced(error) && !String(error).includes('rebalancing')) lost.abort();
    });
  }, handling.heartbeatMs);

  try {
    const batch = messages.flatMap((message) => deliveryOf(message, handling));
    if (batch.length > 0) await subscription.handle(batch, claim);
    return (await untilCommitted(() => commit(BigInt(last.offset)), payload, lost.signal, logger))
      ? 'done'
      : 'lost';
  } catch (error) {
    if (lost.signal.aborted) return 'lost';
    throw error;
  } finally {
    clearInterval(signOfLife);
  }
}

/** The handler's work is done: a coordinator that is loading must not make it be done again. */
async function untilCommitted(
  commit: () => Promise<boolean>,
  payload: EachBatchPayload,
  lost: AbortSignal,
  logger: Logger,
): Promise<boolean> {
  for (let tries = 1; !lost.aborted; tries += 1) {
    try {
      return await commit();
    } catch (error) {
      if (tries === 1) logger.warn({ err: error }, 'commit not possible yet');
      // Who stops cannot wait for ever.
      if (!payload.isRunning() && tries >= 10) return false;
      await retryPause(tries, lost, { mostMs: 1000 });
    }
  }
  return false;
}

function deliveryOf(message: KafkaMessage, { at, attempt, logger }: Handling): Delivery[] {
  const position = BigInt(message.offset);
  const event = fromKafkaMessage({ value: message.value, headers: message.headers ?? {} });
  if (event.ok) return [{ ...at, event: event.value, position, attempt: attempt(position) }];
  logger.error({ ...at, position: message.offset, fault: event.error }, 'skipped: no event');
  return [];
}
