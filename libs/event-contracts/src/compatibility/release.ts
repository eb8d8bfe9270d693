import { z } from 'zod';

import type { EventContract } from '../define-event.ts';
import { topicOf } from '../envelope.ts';
import { type JsonSchema, jsonSchema, jsonSchemaOf } from '../json-schema.ts';
import type { TopicPolicy } from '../topics.ts';
import { type Break, compareSchemas } from './compare.ts';

/** A contract as it was handed out: what others have built on. */
export type Release = {
  readonly type: string;
  readonly topic: string;
  readonly partitions: number;
  readonly schema: JsonSchema;
};

export const releaseSchema: z.ZodType<Release> = z.object({
  type: z.string(),
  topic: z.string(),
  partitions: z.int().min(1),
  schema: jsonSchema,
});

export type Verdict = {
  readonly type: string;
  /** Against the last release. `changed` without breaks is compatible. */
  readonly state: 'unchanged' | 'new' | 'changed' | 'removed';
  readonly breaks: readonly Break[];
};

export function releaseOf(contract: EventContract, topics: readonly TopicPolicy[]): Release {
  const topic = topicOf(contract.type);
  const policy = topics.find((one) => one.topic === topic);
  if (policy === undefined)
    throw new TypeError(
      `No policy is declared for the topic of ${contract.type}: add it to topics.ts`,
    );
  return {
    type: contract.type,
    topic: policy.topic,
    partitions: policy.partitions,
    schema: jsonSchemaOf(contract),
  };
}

/** Each contract of either side, with what its changes break. */
export function compareReleases(
  released: readonly Release[],
  current: readonly Release[],
): Verdict[] {
  const before = new Map(released.map((one) => [one.type, one]));
  const after = new Map(current.map((one) => [one.type, one]));
  return [...new Set([...before.keys(), ...after.keys()])].sort().map((type) => {
    const [old, now] = [before.get(type), after.get(type)];
    if (now === undefined) return { type, state: 'removed', breaks: gone };
    if (old === undefined) return { type, state: 'new', breaks: [] };
    const breaks = [...comparePartitions(old, now), ...compareSchemas(old.schema, now.schema)];
    const same = JSON.stringify(old) === JSON.stringify(now);
    return { type, state: same ? 'unchanged' : 'changed', breaks };
  });
}

const gone: readonly Break[] = [
  {
    breaks: 'consumer',
    pointer: '',
    what: 'the contract is gone, and the event will not come any more',
  },
  {
    breaks: 'producer',
    pointer: '',
    what: 'the contract is gone, and stored events become unknown',
  },
];

function comparePartitions(old: Release, now: Release): Break[] {
  if (old.partitions === now.partitions) return [];
  const what = `${now.topic} had ${old.partitions} partitions and has ${now.partitions}: keys would change their partition and lose their order`;
  return [{ breaks: 'consumer', pointer: '', what }];
}
