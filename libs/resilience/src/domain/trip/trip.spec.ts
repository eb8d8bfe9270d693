import { describe, expect, it } from '@jest/globals';

import { anyOf } from './any-of.ts';
import { consecutiveFailures } from './consecutive-failures.ts';
import { countWindow } from './count-window.ts';
import { slowCalls } from './slow-calls.ts';
import type { TripReason, TripStrategy } from './strategy.ts';
import { timeWindow } from './time-window.ts';

const last = (strategy: TripStrategy, outcomes: string): TripReason | undefined => {
  let reason: TripReason | undefined;
  for (const outcome of outcomes) reason = strategy.record(outcome === 'x', 0, 0);
  return reason;
};

describe('consecutive failures', () => {
  it.each([
    ['xx', undefined],
    ['xxx', 3],
    ['xx.xx', undefined],
    ['xx.xxx', 3],
  ])('after %s: %p', (outcomes, failures) => {
    expect(last(consecutiveFailures(3)(), outcomes)).toEqual(
      failures === undefined ? undefined : { rule: 'consecutive-failures', failures },
    );
  });

  it('begins anew after a reset', () => {
    const strategy = consecutiveFailures(2)();
    strategy.record(true, 0, 0);
    strategy.reset();
    expect(strategy.record(true, 0, 0)).toBeUndefined();
    expect(strategy.record(true, 0, 0)).toBeDefined();
  });

  it.each([0, 1.5, -1, Number.NaN])('refuses the threshold %d', (threshold) => {
    expect(() => consecutiveFailures(threshold)).toThrow(/threshold should be a whole number/);
  });
});

describe('a count window', () => {
  it.each([
    [
      'four calls, below the minimum of five',
      { calls: 10, ratio: 0.5, minimumCalls: 5 },
      'xxxx',
      false,
    ],
    ['the fifth call, all failed', { calls: 10, ratio: 0.5, minimumCalls: 5 }, 'xxxxx', true],
    ['the minimum reached by a success', { calls: 10, ratio: 0.5, minimumCalls: 5 }, 'xxx..', true],
    ['just below the share', { calls: 10, ratio: 0.5, minimumCalls: 5 }, 'xx...', false],
    ['exactly the share', { calls: 10, ratio: 0.3 }, '.......xxx', true],
    ['one less', { calls: 10, ratio: 0.3 }, '........xx', false],
    ['a window that is not full', { calls: 10, ratio: 0.3 }, '......xxx', false],
    ['failures that have left the window', { calls: 4, ratio: 0.75 }, 'xx....x.xx', true],
    ['failures that have just left the window', { calls: 4, ratio: 0.75 }, '...x.x.x', false],
  ])('%s', (_case, options, outcomes, opens) => {
    expect(last(countWindow(options)(), outcomes) !== undefined).toBe(opens);
  });

  it('says which counts in which window', () => {
    expect(last(countWindow({ calls: 5, ratio: 0.4 })(), '...xx')).toEqual({
      rule: 'count-window',
      counts: 'failures',
      bad: 2,
      calls: 5,
      ratio: 0.4,
      window: 5,
    });
  });

  it('counts as a plain list of the last calls does', () => {
    const strategy = countWindow({ calls: 7, ratio: 1, minimumCalls: 1 })();
    const list: boolean[] = [];
    for (let n = 0; n < 500; n += 1) {
      const failed = (n * 7919) % 13 < 6;
      list.push(failed);
      const recent = list.slice(-7);
      expect(strategy.record(failed, 0, 0) !== undefined).toBe(recent.every(Boolean));
    }
  });

  it('names all faults at once', () => {
    expect(() => countWindow({ calls: 0, ratio: 1.5, minimumCalls: 3 })).toThrow(
      /calls should be .* got 0; ratio should be a share in \(0, 1\], got 1.5; minimumCalls/,
    );
  });
});

describe('a time window of a second in ten slices', () => {
  const make = (): TripStrategy => timeWindow({ ms: 1000, ratio: 0.5, minimumCalls: 4 })();

  it('decides nothing below the minimum throughput', () => {
    const strategy = make();
    for (const at of [1000, 1001, 1002]) expect(strategy.record(true, 0, at)).toBeUndefined();
    expect(strategy.record(true, 0, 1003)).toMatchObject({ bad: 4, calls: 4, window: 1000 });
  });

  it.each([
    [1999, true],
    [2000, false],
  ])('still counts failures of 1000 to 1099 at %d: %p', (at, counted) => {
    const strategy = make();
    for (const before of [1000, 1050, 1099]) strategy.record(true, 0, before);
    expect(strategy.record(true, 0, at) !== undefined).toBe(counted);
  });

  it('is empty after a long pause', () => {
    const strategy = make();
    for (let n = 0; n < 3; n += 1) strategy.record(true, 0, 5000 + n);
    expect(strategy.record(true, 0, 500_000)).toBeUndefined();
    for (let n = 0; n < 2; n += 1) strategy.record(true, 0, 500_000 + n);
    expect(strategy.record(false, 0, 500_003)).toMatchObject({ bad: 3, calls: 4 });
  });

  it('takes outcomes that come in a little late', () => {
    const strategy = make();
    strategy.record(true, 0, 1150);
    strategy.record(true, 0, 1090);
    strategy.record(true, 0, 1149);
    expect(strategy.record(true, 0, 1151)).toMatchObject({ bad: 4, calls: 4 });
  });

  it('forgets at a reset', () => {
    const strategy = make();
    for (let n = 0; n < 3; n += 1) strategy.record(true, 0, 1000);
    strategy.reset();
    expect(strategy.record(true, 0, 1001)).toBeUndefined();
  });
});

describe('slow calls', () => {
  const window = countWindow({ calls: 4, ratio: 0.5, minimumCalls: 2 });

  it.each([
    [100, undefined],
    [100.1, { counts: 'slow-calls', bad: 2, calls: 2 }],
  ])('of %d ms where 100 are allowed: %p', (took, reason) => {
    const strategy = slowCalls({ longerThanMs: 100, in: window })();
    strategy.record(false, took, 0);
    const result = strategy.record(false, took, 0);
    if (reason === undefined) expect(result).toBeUndefined();
    else expect(result).toMatchObject(reason);
  });

  it('do not mind fast failures, and anyOf minds both', () => {
    const alone = slowCalls({ longerThanMs: 100, in: window })();
    const both = anyOf(slowCalls({ longerThanMs: 100, in: window }), consecutiveFailures(3))();
    for (let n = 0; n < 2; n += 1) expect(both.record(true, 1, 0)).toBeUndefined();
    for (let n = 0; n < 3; n += 1) expect(alone.record(true, 1, 0)).toBeUndefined();
    expect(both.record(true, 1, 0)).toMatchObject({ rule: 'consecutive-failures' });
    expect(both.timed).toBe(true);
    expect(anyOf(consecutiveFailures(3))().timed).toBe(false);
  });
});
