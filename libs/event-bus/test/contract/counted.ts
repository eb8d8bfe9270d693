import { randomBytes, randomUUID } from 'node:crypto';

import type { CloudEvent } from '@newscience/event-contracts/envelope';
import type { TopicPolicy } from '@newscience/event-contracts/topics';
import { z } from 'zod';

import type { Delivery, EventBus } from '../../src/bus.ts';
import { partitionOf } from '../../src/placement.ts';

const counted = z.object({ n: z.int() });

/** A topic and a group that no other test uses. */
export async function newTopic(
  bus: EventBus,
  partitions = 4,
): Promise<{ topic: string; group: string; event: (key: string, n: number) => CloudEvent }> {
  const context = `t${randomBytes(6).toString('hex')}`;
  const topic = `newscience.${context}`;
  await bus.declareTopics([policyOf(topic, partitions)]);
  return {
    topic,
    group: `group-${context}`,
    event: (key, n) => ({
      specversion: '1.0',
      id: randomUUID(),
      source: 'urn:newscience:test',
      type: `${topic}.Counted.v1`,
      subject: key,
      time: '2026-03-02T06:00:00.000Z',
      datacontenttype: 'application/json',
      data: { n },
    }),
  };
}

export const policyOf = (topic: string, partitions: number): TopicPolicy => ({
  topic,
  partitions,
  retention: { kind: 'time', days: 1 },
  about: 'For a test.',
});

export const numberOf = ({ event }: Pick<Delivery, 'event'>): number => counted.parse(event.data).n;

/** Keys that together reach every partition of the log, the n-th one partition n. */
export const keysForPartitions = (partitions: number): string[] =>
  Array.from({ length: partitions }, (_, partition) => {
    for (let n = 0; ; n += 1)
      if (partitionOf(`key-${n}`, partitions) === partition) return `key-${n}`;
  });

/**
 * What a group has handled, over all of its members. Events of a key are numbered from 1: a number may come
 * again, but none may be left out.
 */
export function createLedger(): {
  record: (batch: readonly Delivery[]) => Promise<void>;
  /** Deliveries that came before one that they follow. */
  gaps: () => readonly string[];
  /** Different events. */
  size: () => number;
  deliveries: () => number;
  highest: (key: string) => number;
  missing: (keys: readonly string[], each: number) => number;
} {
  const highest = new Map<string, number>();
  const ids = new Set<string>();
  const gaps: string[] = [];
  let deliveries = 0;
  return {
    record: (batch) => {
      for (const delivery of batch) {
        const key = delivery.event.subject;
        const n = numberOf(delivery);
        const seen = highest.get(key) ?? 0;
        if (n > seen + 1) gaps.push(`${key}: ${n} after ${seen}`);
        highest.set(key, Math.max(seen, n));
        ids.add(delivery.event.id);
        deliveries += 1;
      }
      return Promise.resolve();
    },
    gaps: () => gaps,
    size: () => ids.size,
    deliveries: () => deliveries,
    highest: (key) => highest.get(key) ?? 0,
    missing: (keys, each) =>
      keys.reduce((sum, key) => sum + Math.max(0, each - (highest.get(key) ?? 0)), 0),
  };
}
