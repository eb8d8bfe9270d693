import { beforeEach, describe, expect, it } from '@jest/globals';

import type { CallOptions } from './call.ts';
import type { ResilienceEvent } from './events.ts';
import { CircuitOpen, TimeoutExceeded } from './rejections.ts';
import { createRetry, type RetryOptions } from './retry.ts';
import { RetryBudget } from './retry-budget.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

let clock: VirtualClock;
let events: ResilienceEvent[];
beforeEach(() => {
  clock = createVirtualClock();
  events = [];
});

const flaky = Object.assign(new Error('flaky'), { retryable: true });
const later = (retryAfterMs: number): Error =>
  Object.assign(new Error('busy'), { retryable: true, retryAfterMs });

/** Fails so many times, then works; moves the clock until it has ended. */
async function run(
  options: Partial<RetryOptions>,
  how: { failures?: number; error?: unknown; call?: CallOptions } = {},
) {
  const { failures = 99, error = flaky, call = { repeat: 'safe' } } = how;
  const retry = createRetry({
    name: 'again',
    clock,
    chance: () => 0.5,
    on: (event) => events.push(event),
    ...options,
  });
  const attempts: number[] = [];
  const times: number[] = [];
  const began = clock.now();
  const running = retry.execute(({ attempt }) => {
    attempts.push(attempt);
    times.push(clock.now() - began);
    if (attempts.length <= failures) throw error;
    return 'well';
  }, call);
  const settled = running.then(
    (value) => ({ value }),
    (reason: unknown) => ({ reason }),
  );
  await clock.advance(1e7);
  return { ...(await settled), attempts, times };
}
const ended = (): unknown =>
  events.flatMap((event) => (event.type === 'retry-ended' ? [event.because] : []))[0];

describe('retry', () => {
  it('makes a call again, with growing pauses, and tells the work which attempt it is', async () => {
    const result = await run({ attempts: 5 }, { failures: 4 });
    expect(result).toEqual({
      value: 'well',
      attempts: [1, 2, 3, 4, 5],
      // Half of 100, 200, 400, 800 by the chance of 0.5.
      times: [0, 50, 150, 350, 750],
    });
    expect(events.filter(({ type }) => type === 'retry-scheduled')).toHaveLength(4);
  });

  it('jitters over the whole pause and caps it', async () => {
    const capped = { attempts: 4, backoff: { baseMs: 10, factor: 10, capMs: 200 } };
    expect((await run({ ...capped, chance: () => 0 })).times).toEqual([0, 0, 0, 0]);
    expect((await run({ ...capped, chance: () => 1 - 2 ** -53 })).times).toEqual([0, 10, 110, 310]);
  });

  it.each([
    ['is the last allowed one', { attempts: 2 }, {}, 'attempts-used-up', 2],
    ['is the only one', { attempts: 1 }, {}, 'attempts-used-up', 1],
    ['does not say that it is retryable', {}, { error: new Error('final') }, 'not-retryable', 1],
    [
      'was refused by an open circuit',
      {},
      { error: new CircuitOpen('b', 'open', 50) },
      'not-retryable',
      1,
    ],
    [
      'timed out once too often',
      {},
      { error: new TimeoutExceeded('t', 50) },
      'attempts-used-up',
      3,
    ],
    ['may not be repeated', {}, { call: {} }, 'not-repeatable', 1],
    [
      'asks for more patience than there is',
      { mostRetryAfterMs: 999 },
      { error: later(1000) },
      'retry-after-too-long',
      1,
    ],
  ])('gives up when the attempt %s', async (_case, options, how, because, made) => {
    const { attempts, reason } = { reason: undefined, ...(await run(options, how)) };
    expect(attempts).toHaveLength(made);
    expect(reason).toBe('error' in how ? how.error : flaky);
    expect(ended()).toBe(because);
  });

  it('waits at least as long as Retry-After asks, when that is not too long', async () => {
    expect(
      (await run({ attempts: 2, mostRetryAfterMs: 1000 }, { error: later(1000) })).times,
    ).toEqual([0, 1050]);
  });

  it.each([['safe' as const], ['allowed' as const], [{ idempotencyKey: 'k1' }]])(
    'repeats what says %p',
    async (repeat) => {
      expect((await run({}, { call: { repeat } })).attempts).toHaveLength(3);
      expect((await run({ repeat }, { call: {} })).attempts).toHaveLength(3);
    },
  );

  it('goes by its own predicate', async () => {
    const error = new RangeError('odd');
    expect((await run({ retryIf: (seen) => seen === error }, { error })).attempts).toHaveLength(3);
  });

  it('makes no further attempt once its caller has gone, not even a scheduled one', async () => {
    const caller = new AbortController();
    const retry = createRetry({
      name: 'again',
      clock,
      chance: () => 0.99,
      on: (event) => events.push(event),
    });
    let attempts = 0;
    const running = retry.execute(
      () => {
        attempts += 1;
        return Promise.reject(flaky);
      },
      { repeat: 'safe', signal: caller.signal },
    );
    const settled = expect(running).rejects.toBe(flaky);
    await clock.advance(50);
    caller.abort();
    await settled;
    await clock.advance(10_000);
    expect(attempts).toBe(1);
    expect(ended()).toBe('cancelled');
    // The budget's tick at most, no pause.
    await clock.advance(10_000);
    expect(clock.pending()).toBe(0);
  });
});

describe('a retry budget', () => {
  it('keeps an outage from becoming a storm: a share of the traffic, and not the attempts times as much', async () => {
    const budget = new RetryBudget({ ratio: 0.1, minimum: 5, windowMs: 10_000 }, clock);
    const retry = createRetry({
      name: 'storm',
      attempts: 4,
      budget,
      clock,
      backoff: { baseMs: 0, capMs: 0 },
    });
    let calls = 0;
    const failing = Array.from({ length: 1000 }, () =>
      retry
        .execute(() => Promise.reject(Object.assign(flaky, { n: (calls += 1) })), {
          repeat: 'safe',
        })
        .catch(() => undefined),
    );
    await clock.advance(1000);
    await Promise.all(failing);
    expect(calls).toBe(1000 + 100);
  });

  it.each([
    [4, true],
    [5, false],
  ])('allows a minimum: after %d of 5 retries one more is %p', (spent, allowed) => {
    const budget = new RetryBudget({ ratio: 0.1, minimum: 5 }, clock);
    for (let n = 0; n < spent; n += 1) expect(budget.spend()).toBe(true);
    expect(budget.spend()).toBe(allowed);
  });

  it('counts recent calls only, wherever the clock was while they succeeded', async () => {
    const budget = new RetryBudget({ ratio: 0.5, minimum: 0, windowMs: 1000 }, clock);
    for (let n = 0; n < 100; n += 1) {
      budget.begin();
      budget.end();
    }
    await clock.advance(500);
    expect(budget.spend()).toBe(true);
    await clock.advance(700);
    expect(budget.spend()).toBe(false);
    expect(clock.pending()).toBe(0);
  });

  it('counts active calls', () => {
    const budget = new RetryBudget({ ratio: 0.5, minimum: 0 }, clock);
    budget.begin();
    expect(budget.spend()).toBe(false);
    budget.begin();
    expect([budget.spend(), budget.spend()]).toEqual([true, false]);
  });

  it('says what is wrong', () => {
    expect(() => new RetryBudget({ ratio: 0, minimum: -1, windowMs: 5 })).toThrow(
      /ratio .*; minimum .*; windowMs/,
    );
    expect(() => createRetry({ name: 'r', attempts: 0, backoff: { baseMs: 5, capMs: 1 } })).toThrow(
      /attempts .*; backoff.capMs should be a number in \[5, ∞\), got 1/,
    );
  });
});
