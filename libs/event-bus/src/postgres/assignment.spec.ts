import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { assign, type HeldPartition, keyOf, type LiveMember } from './assignment.ts';

const topics = ['articles', 'comments', 'routes'];
const member = fc.record({
  id: fc.stringMatching(/^[a-f]{2}$/),
  topics: fc.subarray(topics, { minLength: 1 }),
});
const members = fc.uniqueArray(member, { selector: ({ id }) => id, maxLength: 6 });
const sizes = fc.record({
  articles: fc.integer({ min: 1, max: 9 }),
  comments: fc.integer({ min: 1, max: 4 }),
  routes: fc.constant(1),
});
const freeOf = (size: Record<string, number>): HeldPartition[] =>
  topics.flatMap((topic) =>
    Array.from({ length: size[topic] ?? 0 }, (_, partition) => ({ topic, partition, owner: null })),
  );
const heldBy = (
  partitions: readonly HeldPartition[],
  owners: ReadonlyMap<string, string>,
): HeldPartition[] => partitions.map((one) => ({ ...one, owner: owners.get(keyOf(one)) ?? null }));

const ids = (...names: string[]): LiveMember[] => names.map((id) => ({ id, topics }));

describe('the assignment of partitions', () => {
  it('gives each partition that has a member to exactly one that wants it, evenly, and then rests', () => {
    fc.assert(
      fc.property(members, members, sizes, (before, after, size) => {
        const held = heldBy(freeOf(size), assign(before, freeOf(size)));
        const owners = assign(after, held);
        for (const topic of topics) {
          const able = after.filter((one) => one.topics.includes(topic));
          const counts = able.map(
            ({ id }) =>
              held.filter((one) => one.topic === topic && owners.get(keyOf(one)) === id).length,
          );
          const sum = counts.reduce((total, count) => total + count, 0);
          expect(sum).toBe(able.length === 0 ? 0 : size[topic as keyof typeof size]);
          if (able.length > 0) expect(Math.max(...counts) - Math.min(...counts)).toBeLessThan(2);
        }
        expect(assign(after, heldBy(held, owners))).toEqual(owners);
        expect(assign([...after].reverse(), held)).toEqual(owners);
      }),
    );
  });

  it('moves only what a new member needs', () => {
    const free = freeOf({ articles: 8 });
    const before = assign(ids('a', 'b'), free);
    const after = assign(ids('a', 'b', 'c'), heldBy(free, before));
    const moved = [...after].filter(([key, owner]) => before.get(key) !== owner);
    expect(moved.map(([, owner]) => owner)).toEqual(['c', 'c']);
  });

  it('moves only what a member leaves behind', () => {
    const free = freeOf({ articles: 8 });
    const before = assign(ids('a', 'b', 'c'), free);
    const left = [...before].filter(([, owner]) => owner === 'c').length;
    const after = assign(ids('a', 'b'), heldBy(free, before));
    expect([...after].filter(([key, owner]) => before.get(key) !== owner)).toHaveLength(left);
  });

  it('gives the single partition of a topic to who has least', () => {
    const owners = assign(ids('a', 'b'), freeOf({ articles: 3, routes: 1 }));
    const ofA = [...owners].flatMap(([key, owner]) => (owner === 'a' ? [key] : []));
    expect(ofA).toEqual(['articles/0', 'articles/1']);
    expect(owners.get('routes/0')).toBe('b');
  });
});
