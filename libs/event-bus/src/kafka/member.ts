import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from '@newscience/service-kit/logging';
import type { Admin, Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';

import {
  BusError,
  DEFAULT_HANDLER_LIMIT_MS,
  DEFAULT_MAX_BATCH,
  MAX_BATCH_BYTES,
  type SubscribeOptions,
  type Subscription,
  type TopicPartition,
} from '../bus.ts';
import { createAttempts } from '../delivery-attempts.ts';
import { retryPause } from '../retry-pause.ts';
import { anchorGroup } from './anchor.ts';
import { CONSUMER_RETRY } from './client.ts';
import { handleMessages } from './handling.ts';
import type { Pauses } from './pauses.ts';
import { supervise } from './supervision.ts';

/** The least that brokers allow by default: a dead member is replaced after this and a heartbeat. */
const SESSION_MS = 6000;
const HEARTBEAT_MS = 1000;

type MemberOptions = {
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly pauses: Pauses;
  readonly subscription: SubscribeOptions;
  readonly logger: Logger;
};

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** Joins a consumer group and works on its share of the partitions until it is stopped. */
export async function joinGroup(options: MemberOptions): Promise<Subscription> {
  const { kafka, admin, pauses, subscription } = options;
  const { group, topics, maxBatch = DEFAULT_MAX_BATCH } = subscription;
  const logger = options.logger.child({ group });
  const stopping = new AbortController();
  const attempts = new Map<string, ReturnType<typeof createAttempts>>();
  const failures = new Map<string, number>();
  const resting = new Set<string>();
  let assigned: TopicPartition[] = [];
  /** The group's generation, once the member's places in it are stored; undefined where it was overtaken. */
  let ready: Promise<number | undefined> = Promise.resolve(undefined);

  const isPaused = (at: TopicPartition): boolean =>
    resting.has(nameOf(at)) || pauses.isPaused(group, at);

  const applyPauses = (consumer: Consumer): void => {
    try {
      for (const at of assigned) {
        const one = [{ topic: at.topic, partitions: [at.partition] }];
        if (isPaused(at)) consumer.pause(one);
        else consumer.resume(one);
      }
    } catch (error) {
      // One that is being restarted takes none, and gets them when it has joined.
      logger.debug({ err: error }, 'pauses not applied yet');
    }
  };

  /** After a failure the partition rests, and only it. */
  const rest = (consumer: Consumer, at: TopicPartition): void => {
    const name = nameOf(at);
    const count = (failures.get(name) ?? 0) + 1;
    failures.set(name, count);
    resting.add(name);
    applyPauses(consumer);
    void retryPause(count, stopping.signal).then(() => {
      resting.delete(name);
      if (!stopping.signal.aborted && current === consumer) applyPauses(consumer);
    });
  };

  const eachBatch = async (consumer: Consumer, payload: EachBatchPayload): Promise<void> => {
    const { topic, partition, messages } = payload.batch;
    const at = { topic, partition };
    const generation = await ready;
    if (generation === undefined) {
      await sleep(100); // until the client has noticed as well
      return;
    }
    const counts = attempts.get(nameOf(at)) ?? createAttempts();
    attempts.set(nameOf(at), counts);
    for (const slice of slices(messages, maxBatch)) {
      if (!payload.isRunning() || payload.isStale() || isPaused(at)) return;
      try {
        const outcome = await handleMessages({
          at,
          generation,
          messages: slice,
          payload,
          subscription,
          attempt: counts.next,
          onCommitted: counts.forget,
          heartbeatMs: HEARTBEAT_MS,
          logger,
        });
        if (outcome === 'lost') return;
        failures.delete(nameOf(at));
      } catch (error) {
        logger.warn({ err: error, ...at, position: slice[0]?.offset }, 'batch not handled');
        rest(consumer, at);
        return;
      }
    }
  };

  let current: Consumer | undefined;
  let joined = (): void => undefined;
  const firstJoin = new Promise<void>((resolve) => (joined = resolve));

  const start = async (crashed: (consumer: Consumer, error: unknown) => void): Promise<void> => {
    const consumer = kafka.consumer({
      groupId: group,
      sessionTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      // A rebalance waits for the batches at hand.
      rebalanceTimeout: (subscription.handlerLimitMs ?? DEFAULT_HANDLER_LIMIT_MS) + SESSION_MS,
      maxWaitTimeInMs: 500,
      maxBytesPerPartition: MAX_BATCH_BYTES,
      allowAutoTopicCreation: false,
      retry: {
        ...CONSUMER_RETRY,
        restartOnFailure: () => Promise.resolve(!stopping.signal.aborted),
      },
    });
    current = consumer;
    const { GROUP_JOIN, CRASH, COMMIT_OFFSETS } = consumer.events;
    let generation: number | undefined;
    consumer.on(COMMIT_OFFSETS, ({ payload }) => (generation = payload.groupGenerationId));
    consumer.on(GROUP_JOIN, ({ payload }) => {
      assigned = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => ({ topic, partition })),
      );
      attempts.clear();
      generation = undefined;
      ready = anchorGroup({
        consumer,
        admin,
        subscription,
        assigned,
        isOver: () => stopping.signal.aborted || current !== consumer,
        generation: () => generation,
      });
      applyPauses(consumer);
      joined();
    });
    consumer.on(CRASH, ({ payload }) => {
      assigned = [];
      if (!payload.restart) crashed(consumer, payload.error);
    });
    await consumer.connect();
    await consumer.subscribe({
      topics: [...topics],
      fromBeginning: subscription.from === 'earliest',
    });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 32,
      eachBatch: (payload) => eachBatch(consumer, payload),
    });
  };

  pauses.onChange(() => {
    if (current !== undefined && !stopping.signal.aborted) applyPauses(current);
  });
  await supervise(start, stopping.signal, logger);
  const patience = sleep(60_000, 'late' as const, { ref: false });
  if ((await Promise.race([firstJoin, patience])) === 'late')
    throw new BusError('unavailable', `The group ${group} could not be joined within 60 s.`);
  await ready;

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    stopping.abort();
    await current?.disconnect();
    assigned = [];
  };
  return { assigned: () => assigned, stop: () => (stopped ??= stop()) };
}

/** In pieces of at most `most` messages, and of 4 MiB where more than one would pass it. */
export function slices(messages: readonly KafkaMessage[], most: number): KafkaMessage[][] {
  const found: KafkaMessage[][] = [];
  let [slice, size]: [KafkaMessage[], number] = [[], 0];
  for (const message of messages) {
    const bytes = message.value?.length ?? 0;
    if (slice.length === most || (slice.length > 0 && size + bytes > MAX_BATCH_BYTES)) {
      found.push(slice);
      [slice, size] = [[], 0];
    }
    slice.push(message);
    size += bytes;
  }
  if (slice.length > 0) found.push(slice);
  return found;
}
