import { describe, expect, it } from '@jest/globals';

import { longestPauseMs, pauseMs } from './backoff.ts';

const backoff = { baseMs: 100, capMs: 1000 };

describe('the pause after failures', () => {
  it.each([
    [1, 100],
    [2, 200],
    [4, 800],
    [5, 1000],
    [6, 1000],
    [5000, 1000],
  ])('is at most, after %i, %i ms', (failures, longest) => {
    expect(longestPauseMs(backoff, failures)).toBe(longest);
  });

  it('is never shorter than for the first failure, whatever is asked', () => {
    expect(longestPauseMs(backoff, 0)).toBe(100);
  });

  it.each([
    [0, 0],
    [0.5, 400],
    [0.999_999, 799],
  ])('takes the share %d of it', (chance, pause) => {
    expect(pauseMs(backoff, 4, chance)).toBe(pause);
  });
});
