import { setTimeout as sleep } from 'node:timers/promises';

import type { CloudEvent } from '@newscience/event-contracts/envelope';
import { toKafkaMessage } from '@newscience/event-contracts/kafka-message';
import type { Logger } from '@newscience/service-kit/logging';
import { err, ok } from '@newscience/service-kit/result';
import { reveal, type Secret } from '@newscience/service-kit/secret';
import kafkajs, { type Admin, type TopicMessages } from 'kafkajs';

import {
  BusError,
  type EventBus,
  type Lag,
  type Subscription,
  type TopicPartition,
} from '../bus.ts';
import { assertSize, place } from '../placement.ts';
import { createClient } from './client.ts';
import { createKnownTopics, declareTopics } from './declared-topics.ts';
import { asBusError } from './kafka-fault.ts';
import { joinGroup } from './member.ts';
import { followPauses, type Pauses, setPaused } from './pauses.ts';

export type KafkaBusOptions = {
  /** `kafka://host:port,host:port`; README: TLS and SASL. */
  readonly url: string | Secret;
  /** The client id. */
  readonly name: string;
  readonly logger: Logger;
};

/** One request carries this many bytes; a larger event goes alone. */
const MOST_BYTES = 1024 * 1024;

/** The event bus on Kafka. Connects when it is first needed. */
export function createKafkaBus({ url, name, logger }: KafkaBusOptions): EventBus {
  const kafka = createClient(reveal(url), name, logger);
  const members = new Set<Subscription>();
  const admin = once(async () => {
    const made = kafka.admin();
    await made.connect();
    return made;
  });
  const producer = once(async () => {
    const made = kafka.producer({
      idempotent: true,
      // More would be faster, and reorder what has to be sent again.
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    await made.connect();
    return made;
  });
  const pauses = once<Pauses>(async () => followPauses(kafka, await admin.get(), logger));
  const known = createKnownTopics(() => admin.get());
  let closed: Promise<void> | undefined;

  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (closed !== undefined) throw new BusError('closed', 'The event bus is closed.');
    try {
      return await work();
    } catch (error) {
      throw asBusError(error);
    }
  };

  const publish = async (batch: readonly CloudEvent[]): Promise<void> => {
    const placed = batch.map((candidate) => {
      const { topic, event } = place(candidate);
      const json = JSON.stringify(event);
      assertSize(event, json);
      return { topic, bytes: json.length, message: toKafkaMessage(event) };
    });
    await known.assertKnown([...new Set(placed.map(({ topic }) => topic))]);
    for (const request of requests(placed)) {
      const sender = await producer.get();
      try {
        await sender.sendBatch({ acks: -1, topicMessages: request });
      } catch (error) {
        // Its sequence numbers may be out of step with the broker's now: the next try gets a new one.
        producer.forget();
        await sender.disconnect().catch(() => undefined);
        throw error;
      }
    }
  };

  const lag = async (group: string): Promise<Lag[]> => {
    const client = await admin.get();
    const stored = await client.fetchOffsets({ groupId: group });
    const found: Lag[] = [];
    for (const { topic, partitions } of stored) {
      const ends = await client.fetchTopicOffsets(topic);
      for (const { partition, offset } of partitions) {
        const end = ends.find((one) => one.partition === partition)?.high;
        if (end === undefined || Number(offset) < 0) continue;
        const behind = BigInt(end) - BigInt(offset);
        found.push({ topic, partition, behind: behind > 0n ? behind : 0n });
      }
    }
    return found.sort((a, b) =>
      a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition,
    );
  };

  const pause = (group: string, paused: boolean, at?: TopicPartition): Promise<void> =>
    guarded(async () => {
      if (at !== undefined) await known.assertKnown([at.topic]);
      await setPaused(await admin.get(), await producer.get(), group, paused, at);
    });

  const close = async (): Promise<void> => {
    await Promise.all([...members].map((member) => member.stop()));
    // From here on nothing is lost by not waiting for a broker that does not answer.
    await within(async () => (await pauses.made())?.stop());
    await within(async () => (await producer.made())?.disconnect());
    await within(async () => (await admin.made())?.disconnect());
  };

  return {
    declareTopics: (policies) => guarded(async () => declareTopics(await admin.get(), policies)),
    publish: (batch) => guarded(() => publish(batch)),
    subscribe: (subscription) =>
      guarded(async () => {
        await known.assertKnown(subscription.topics);
        const member = await joinGroup({
          kafka,
          admin: await admin.get(),
          pauses: await pauses.get(),
          subscription,
          logger,
        });
        members.add(member);
        return {
          assigned: () => member.assigned(),
          stop: async () => {
            await member.stop();
            members.delete(member);
          },
        };
      }),
    lag: (group) => guarded(() => lag(group)),
    pause: (group, at) => pause(group, true, at),
    resume: (group, at) => pause(group, false, at),
    seek: (group, at, to) =>
      guarded(async () => {
        await known.assertKnown([at.topic]);
        return seek(await admin.get(), group, at, to);
      }),
    close: () => (closed ??= close()),
  };
}

async function within(work: () => Promise<void>, milliseconds = 3000): Promise<void> {
  await Promise.race([
    work().catch(() => undefined),
    sleep(milliseconds, undefined, { ref: false }),
  ]);
}

/** Made when first asked for; a failure is forgotten, so that the next one tries again. */
function once<T>(make: () => Promise<T>): {
  get: () => Promise<T>;
  made: () => Promise<T | undefined>;
  forget: () => void;
} {
  let made: Promise<T> | undefined;
  return {
    get: () => {
      if (made !== undefined) return made;
      const making = make();
      made = making;
      making.catch(() => {
        if (made === making) made = undefined;
      });
      return making;
    },
    made: () => made?.catch(() => undefined) ?? Promise.resolve(undefined),
    forget: () => {
      made = undefined;
    },
  };
}

type Outgoing = {
  readonly topic: string;
  readonly bytes: number;
  readonly message: ReturnType<typeof toKafkaMessage>;
};

/** In the order of the batch, as many as one request may carry. */
function requests(placed: readonly Outgoing[]): TopicMessages[][] {
  const found: TopicMessages[][] = [];
  const open = new Map<string, TopicMessages['messages']>();
  let bytes = 0;
  const seal = (): void => {
    if (open.size > 0) found.push([...open].map(([topic, messages]) => ({ topic, messages })));
    open.clear();
    bytes = 0;
  };
  for (const { topic, bytes: size, message } of placed) {
    if (bytes > 0 && bytes + size > MOST_BYTES) seal();
    const { key, value, headers } = message;
    const messages = open.get(topic) ?? [];
    messages.push({ key, value, headers: { ...headers } });
    open.set(topic, messages);
    bytes += size;
  }
  seal();
  return found;
}

async function seek(
  admin: Admin,
  group: string,
  { topic, partition }: TopicPartition,
  to: bigint | 'earliest' | 'latest',
): ReturnType<EventBus['seek']> {
  const { groups } = await admin.describeGroups([group]);
  const state = groups[0]?.state ?? 'Dead';
  if (state !== 'Empty' && state !== 'Dead')
    return err({
      code: 'group_active',
      detail: `The group ${group} has live members (${state}): stop them first, and start them again afterwards.`,
    });
  const end = (await admin.fetchTopicOffsets(topic)).find((one) => one.partition === partition);
  if (end === undefined)
    throw new BusError('topic_unknown', `${topic} has no partition ${partition}.`);
  const wanted = to === 'earliest' ? BigInt(end.low) : to === 'latest' ? BigInt(end.high) : to;
  const offset = wanted > BigInt(end.high) ? end.high : String(wanted);
  await admin.setOffsets({ groupId: group, topic, partitions: [{ partition, offset }] });
  return ok(undefined);
}
