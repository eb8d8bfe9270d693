import { setTimeout as sleep } from 'node:timers/promises';

import type { Admin, Consumer } from 'kafkajs';

import type { SubscribeOptions, TopicPartition } from '../bus.ts';
import { isFenced } from './kafka-fault.ts';

type Place = TopicPartition & { readonly offset: string; readonly isNew: boolean };

type AnchorOptions = {
  readonly consumer: Consumer;
  readonly admin: Admin;
  readonly subscription: SubscribeOptions;
  readonly assigned: readonly TopicPartition[];
  readonly isOver: () => boolean;
  /** Of the last commit that the client reported. */
  readonly generation: () => number | undefined;
};

/**
 * Stores where the group stands in each partition that was assigned. Kafka stores nothing until the first
 * commit: a group that starts at the latest and dies before it would skip what comes meanwhile, and its lag
 * would be unknown. The commit also tells the generation, which the client reveals nowhere else.
 *
 * @returns undefined where the group went on without this member meanwhile
 */
export async function anchorGroup(options: AnchorOptions): Promise<number | undefined> {
  const { consumer, assigned, isOver, generation } = options;
  if (assigned.length === 0) return undefined;
  while (!isOver()) {
    try {
      const places = await placesOf(options);
      for (const { topic, partition, offset } of places.filter(({ isNew }) => isNew))
        consumer.seek({ topic, partition, offset });
      // Until the client considers itself running, it ignores commits without a word.
      await consumer.commitOffsets(
        places.map(({ topic, partition, offset }) => ({ topic, partition, offset })),
      );
      const seen = generation();
      if (seen !== undefined) return seen;
      await sleep(25);
    } catch (error) {
      if (isFenced(error)) return undefined;
      await sleep(250);
    }
  }
  return undefined;
}

async function placesOf({ admin, subscription, assigned }: AnchorOptions): Promise<Place[]> {
  const { group, from } = subscription;
  const topics = [...new Set(assigned.map(({ topic }) => topic))];
  const stored = await admin.fetchOffsets({ groupId: group, topics });
  const places: Place[] = [];
  for (const topic of topics) {
    const ends = await admin.fetchTopicOffsets(topic);
    for (const at of assigned.filter((one) => one.topic === topic)) {
      const end = ends.find(({ partition }) => partition === at.partition);
      const place = stored
        .find((one) => one.topic === topic)
        ?.partitions.find(({ partition }) => partition === at.partition)?.offset;
      const isNew = place === undefined || Number(place) < 0;
      const first = (from === 'earliest' ? end?.low : end?.high) ?? '0';
      places.push({ ...at, isNew, offset: isNew ? first : place });
    }
  }
  return places;
}
