import { setTimeout as sleep } from 'node:timers/promises';

import type { TopicPolicy } from '@newscience/event-contracts/topics';
import kafkajs, { type Admin, type ITopicConfig } from 'kafkajs';

import { BusError, MAX_EVENT_BYTES } from '../bus.ts';
import { faultType } from './kafka-fault.ts';

const DAY_MS = 86_400_000;
/** An event's headers and the record around it. */
const OVERHEAD_BYTES = 64 * 1024;

type ConfigEntry = { name: string; value: string };

function configOf({ retention }: TopicPolicy): ConfigEntry[] {
  const kept: Record<string, string | number> =
    retention.kind === 'time'
      ? { 'cleanup.policy': 'delete', 'retention.ms': retention.days * DAY_MS }
      : {
          'cleanup.policy': 'compact',
          'min.compaction.lag.ms': retention.historyDays * DAY_MS,
        };
  const all = { ...kept, 'max.message.bytes': MAX_EVENT_BYTES + OVERHEAD_BYTES };
  return Object.entries(all).map(([name, value]) => ({ name, value: String(value) }));
}

/** Makes topics that are missing; brings the retention of the others up to date. */
export async function declareTopics(admin: Admin, policies: readonly TopicPolicy[]): Promise<void> {
  const there = new Set(await admin.listTopics());
  const missing = policies.filter(({ topic }) => !there.has(topic));
  if (missing.length > 0)
    await makeTopics(
      admin,
      missing.map((policy) => ({
        topic: policy.topic,
        numPartitions: policy.partitions,
        configEntries: configOf(policy),
      })),
    );
  const known = policies.filter(({ topic }) => there.has(topic));
  if (known.length === 0) return;
  const { topics } = await admin.fetchTopicMetadata({ topics: known.map(({ topic }) => topic) });
  for (const { topic, partitions } of known) {
    const count = topics.find(({ name }) => name === topic)?.partitions.length ?? partitions;
    if (count !== partitions)
      throw new BusError(
        'partitions_fixed',
        `The topic ${topic} has ${count} partitions and cannot get ${partitions}: keys would change their partition and lose their order. Declare ${count}, or a new topic.`,
      );
  }
  await admin.alterConfigs({
    validateOnly: false,
    resources: known.map((policy) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name: policy.topic,
      configEntries: configOf(policy),
    })),
  });
}

/**
 * Makes topics, replicated as the brokers' own default says, and waits until they can be used: brokers hear
 * of a new topic a moment after it was made.
 */
export async function makeTopics(admin: Admin, topics: ITopicConfig[]): Promise<void> {
  try {
    await admin.createTopics({ waitForLeaders: false, topics });
  } catch (error) {
    // Another service was faster.
    if (faultType(error) !== 'TOPIC_ALREADY_EXISTS') throw error;
  }
  for (let tries = 1; ; tries += 1) {
    try {
      const { topics: seen } = await admin.fetchTopicMetadata({
        topics: topics.map(({ topic }) => topic),
      });
      if (seen.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))) return;
    } catch (error) {
      if (tries === 50) throw error;
    }
    await sleep(100);
  }
}

/** Remembers which topics exist; asking never makes one. */
export function createKnownTopics(admin: () => Promise<Admin>): {
  /** @throws BusError `topic_unknown` */
  assertKnown: (topics: readonly string[]) => Promise<void>;
} {
  let known: ReadonlySet<string> = new Set();
  return {
    assertKnown: async (topics) => {
      if (topics.every((topic) => known.has(topic))) return;
      known = new Set(await (await admin()).listTopics());
      const unknown = topics.filter((topic) => !known.has(topic));
      if (unknown.length > 0)
        throw new BusError(
          'topic_unknown',
          `These topics are not declared on this bus: ${unknown.join(', ')}.`,
        );
    },
  };
}
