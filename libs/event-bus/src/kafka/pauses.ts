import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from '@newscience/service-kit/logging';
import type { Admin, Consumer, EachMessageHandler, Kafka, Producer } from 'kafkajs';

import type { TopicPartition } from '../bus.ts';
import { CONSUMER_RETRY } from './client.ts';
import { makeTopics } from './declared-topics.ts';
import { supervise } from './supervision.ts';

/** Kafka knows no paused groups, so they are kept in a compacted topic that every bus reads from its start. */
const TOPIC = 'newscience.event-bus.pauses';

const keyOf = (group: string, at?: TopicPartition): string =>
  JSON.stringify(at === undefined ? [group] : [group, at.topic, at.partition]);

export async function setPaused(
  admin: Admin,
  producer: Producer,
  group: string,
  paused: boolean,
  at: TopicPartition | undefined,
): Promise<void> {
  await ensureTopic(admin);
  const value = paused ? '{"paused":true}' : null;
  await producer.send({ topic: TOPIC, acks: -1, messages: [{ key: keyOf(group, at), value }] });
}

async function ensureTopic(admin: Admin): Promise<void> {
  if ((await admin.listTopics()).includes(TOPIC)) return;
  const configEntries = [{ name: 'cleanup.policy', value: 'compact' }];
  await makeTopics(admin, [{ topic: TOPIC, numPartitions: 1, configEntries }]);
}

export type Pauses = {
  readonly isPaused: (group: string, at: TopicPartition) => boolean;
  readonly onChange: (listener: () => void) => void;
  readonly stop: () => Promise<void>;
};

/** Follows the pauses; knows those of the past when it resolves. */
export async function followPauses(kafka: Kafka, admin: Admin, logger: Logger): Promise<Pauses> {
  await ensureTopic(admin);
  const paused = new Set<string>();
  const listeners: (() => void)[] = [];
  const stopping = new AbortController();
  const [end] = await admin.fetchTopicOffsets(TOPIC);
  const wanted = BigInt(end?.high ?? 0);
  const groupId = `${TOPIC}.${randomUUID()}`;
  let caughtUp = (): void => undefined;
  const upToDate = new Promise<void>((resolve) => (caughtUp = resolve));
  if (wanted === 0n) caughtUp();

  const eachMessage: EachMessageHandler = ({ message }) => {
    const key = message.key?.toString() ?? '';
    if (message.value === null) paused.delete(key);
    else paused.add(key);
    if (BigInt(message.offset) + 1n >= wanted) caughtUp();
    for (const listener of listeners) listener();
    return Promise.resolve();
  };
  let current: Consumer | undefined;
  const start = async (crashed: (consumer: Consumer, error: unknown) => void): Promise<void> => {
    const consumer = kafka.consumer({
      groupId,
      maxWaitTimeInMs: 500,
      retry: {
        ...CONSUMER_RETRY,
        restartOnFailure: () => Promise.resolve(!stopping.signal.aborted),
      },
    });
    current = consumer;
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) crashed(consumer, payload.error);
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [TOPIC], fromBeginning: true });
    await consumer.run({ autoCommit: false, eachMessage });
  };

  await supervise(start, stopping.signal, logger);
  // Compaction may have removed the last ones.
  await Promise.race([upToDate, sleep(5000, undefined, { ref: false })]);
  return {
    isPaused: (group, at) => paused.has(keyOf(group)) || paused.has(keyOf(group, at)),
    onChange: (listener) => void listeners.push(listener),
    stop: async () => {
      stopping.abort();
      await current?.disconnect();
      // It would vanish by itself, since it has stored nothing.
      await admin.deleteGroups([groupId]).catch((error: unknown) => {
        logger.debug({ err: error, groupId }, 'group not removed');
      });
    },
  };
}
