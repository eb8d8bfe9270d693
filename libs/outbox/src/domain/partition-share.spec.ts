import { describe, expect, it } from '@jest/globals';

import { changeOfShare } from './partition-share.ts';

const numbers = (count: number): number[] => [...Array(count).keys()];

describe('the share of a relay', () => {
  it('is everything for a relay that is alone', () => {
    expect(changeOfShare({ partitions: 16, held: [], relays: 1 })).toEqual({
      release: [],
      take: 16,
    });
  });

  it('counts itself, even where it is not seen yet', () => {
    expect(changeOfShare({ partitions: 16, held: [], relays: 0 })).toMatchObject({ take: 16 });
  });

  it.each([
    [7, 2, 0, 1],
    [8, 2, 0, 0],
    [9, 2, 1, 0],
    [5, 3, 0, 1],
    [6, 3, 0, 0],
    [7, 3, 1, 0],
    [1, 40, 0, 0],
    [0, 40, 0, 1],
  ])('of one that holds %i among %i relays: gives up %i, takes %i', (held, relays, up, take) => {
    const change = changeOfShare({ partitions: 16, held: numbers(held), relays });
    expect([change.release.length, change.take]).toEqual([up, take]);
  });

  it.each(numbers(20).map((n) => [n + 1]))('covers every partition with %i relays', (relays) => {
    const { take } = changeOfShare({ partitions: 16, held: [], relays });
    expect(take * relays).toBeGreaterThanOrEqual(16);
  });
});
