import { describe, expect, it } from '@jest/globals';
import { percentile, summarise } from './statistics.ts';

describe('summarise', () => {
  it.each([
    [[3], { min: 3, median: 3, max: 3, rounds: 1 }],
    [[9, 1, 5], { min: 1, median: 5, max: 9, rounds: 3 }],
    [[4, 1, 2, 9], { min: 1, median: 3, max: 9, rounds: 4 }],
  ])('of %j is %j', (values, summary) => {
    expect(summarise(values)).toEqual(summary);
  });

  it('leaves the order of what it was given alone', () => {
    const values = [2, 1];
    summarise(values);
    expect(values).toEqual([2, 1]);
  });

  it('refuses an empty list', () => {
    expect(() => summarise([])).toThrow(RangeError);
  });
});

describe('percentile', () => {
  it.each([
    [0, 10],
    [50, 20],
    [75, 25],
    [100, 30],
  ])('%d %% of 10, 20, 30 is %d', (percent, value) => {
    expect(percentile([10, 20, 30], percent)).toBe(value);
  });

  it.each([-1, 101, Number.NaN])('refuses %d %%', (percent) => {
    expect(() => percentile([1], percent)).toThrow('within 0 and 100');
  });
});
