import { beforeEach, describe, expect, it } from '@jest/globals';

import type { Call } from './call.ts';
import { createHedge } from './hedge.ts';
import { createKeyed } from './keyed.ts';
import { RetryBudget } from './retry-budget.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

let clock: VirtualClock;
beforeEach(() => {
  clock = createVirtualClock();
});

describe('a hedge', () => {
  function slow(options: { repeat?: 'safe'; budget?: RetryBudget } = { repeat: 'safe' }) {
    const calls: (PromiseWithResolvers<string> & { call: Call })[] = [];
    const seen: { value?: string; error?: unknown } = {};
    createHedge({ name: 'h', afterMs: 100, clock, ...options })
      .execute((call) => {
        const work = Promise.withResolvers<string>();
        calls.push({ ...work, call });
        return work.promise;
      })
      .then(
        (value) => (seen.value = value),
        (error: unknown) => (seen.error = error),
      );
    return { calls, seen };
  }

  it('begins a second attempt after its time and not before, takes the first success and aborts the other', async () => {
    const { calls, seen } = slow();
    await clock.advance(99);
    expect(calls).toHaveLength(1);
    await clock.advance(1);
    expect(calls.map(({ call }) => call.attempt)).toEqual([1, 2]);
    calls[1]?.resolve('second');
    await clock.advance(0);
    expect(seen).toEqual({ value: 'second' });
    expect(calls.map(({ call }) => call.signal.aborted)).toEqual([true, false]);
  });

  it('waits for the other when one fails, and fails with the last', async () => {
    const { calls, seen } = slow();
    await clock.advance(100);
    calls[0]?.reject('one');
    await clock.advance(0);
    expect(seen).toEqual({});
    calls[1]?.reject('two');
    await clock.advance(0);
    expect(seen).toEqual({ error: 'two' });
  });

  it.each([
    ['may not be repeated', {}],
    [
      'is beyond the budget',
      { repeat: 'safe' as const, budget: new RetryBudget({ minimum: 0, ratio: 0.01 }) },
    ],
  ])('makes one attempt of what %s', async (_what, options) => {
    const { calls } = slow(options);
    await clock.advance(1000);
    expect(calls).toHaveLength(1);
  });
});

describe('policies by key', () => {
  it('do not grow with the number of keys, and keep what is used', () => {
    let made = 0;
    const keyed = createKeyed({ most: 100, make: () => (made += 1) });
    const first = keyed.get('often used');
    for (let n = 0; n < 10_000; n += 1) {
      keyed.get(`key ${n}`);
      expect(keyed.get('often used')).toBe(first);
    }
    expect(keyed.size()).toBe(100);
  });

  it('keep what may not be forgotten, as long as there is room', () => {
    const keyed = createKeyed({ most: 3, make: (key) => key, mayForget: (key) => key !== 'open' });
    keyed.get('open');
    for (const key of ['a', 'b', 'c', 'd']) keyed.get(key);
    expect(keyed.all()).toEqual(['open', 'c', 'd']);
    const stubborn = createKeyed({ most: 2, make: (key) => key, mayForget: () => false });
    for (const key of ['a', 'b', 'c']) stubborn.get(key);
    expect(stubborn.all()).toEqual(['b', 'c']);
    expect(() => createKeyed({ most: 0, make: (key) => key })).toThrow('most should be');
  });
});
