import { describe, expect, it } from '@jest/globals';

import { afterFailure } from './failure.ts';

const policy = { baseMs: 100, capMs: 1000, attempts: 3 };

describe('an event that failed', () => {
  it.each([
    [1, { kind: 'retry', inMs: 50 }],
    [2, { kind: 'retry', inMs: 100 }],
    [3, { kind: 'dead' }],
    [4, { kind: 'dead' }],
  ])('after %i of 3 attempts: %j', (failed, expected) => {
    expect(afterFailure(policy, failed, 0.5)).toEqual(expected);
  });

  it('is dead at once where one attempt is allowed', () => {
    expect(afterFailure({ ...policy, attempts: 1 }, 1, 0.5)).toEqual({ kind: 'dead' });
  });
});
