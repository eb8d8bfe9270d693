import { describe, expect, it } from '@jest/globals';

import { seededRandom } from './seeded-random.ts';

const draw = (seed: number, count: number): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random.next());
};

describe('seeded chance', () => {
  it('is the same for the same seed and another for another one', () => {
    expect(draw(7, 100)).toEqual(draw(7, 100));
    expect(draw(7, 100)).not.toEqual(draw(8, 100));
  });

  it('is the same on every machine', () => {
    expect(draw(1, 3).map((value) => value.toFixed(6))).toEqual([
      '0.627074',
      '0.002736',
      '0.527447',
    ]);
  });

  it('is spread evenly', () => {
    const values = draw(3, 10_000);
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    for (let tenth = 0; tenth < 10; tenth += 1) {
      const share = values.filter((value) => Math.floor(value * 10) === tenth).length / 10_000;
      expect(Math.abs(share - 0.1)).toBeLessThan(0.02);
    }
  });

  it('picks, ranges and chances keep to their limits', () => {
    const random = seededRandom(5);
    const picked = new Set(Array.from({ length: 200 }, () => random.pick(['a', 'b', 'c'])));
    expect([...picked].sort()).toEqual(['a', 'b', 'c']);
    for (let n = 0; n < 200; n += 1) {
      const value = random.between(10, 12);
      expect(value >= 10 && value < 12).toBe(true);
      expect([0, 1, 2]).toContain(random.below(3));
    }
    expect([random.chance(0), random.chance(1)]).toEqual([false, true]);
  });
});
