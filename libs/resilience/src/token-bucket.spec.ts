import { beforeEach, describe, expect, it } from '@jest/globals';

import type { BucketStore } from './bucket-store.ts';
import type { ResilienceEvent } from './events.ts';
import { createMemoryBucketStore } from './memory/bucket-store.ts';
import { TokensShort } from './rejections.ts';
import { createSharedTokenBucket, type SharedTokenBucketOptions } from './shared-token-bucket.ts';
import {
  createTokenBucket,
  type LocalTokenBucket,
  type TokenBucket,
  type TokenBucketOptions,
} from './token-bucket.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

let clock: VirtualClock;
let events: ResilienceEvent[];
beforeEach(() => {
  clock = createVirtualClock();
  events = [];
});
const on = (event: ResilienceEvent): unknown => events.push(event);
const own = (options: Partial<TokenBucketOptions> = {}): LocalTokenBucket =>
  createTokenBucket({ name: 'provider', ratePerSecond: 10, burst: 3, clock, on, ...options });
const shared = (options: Partial<SharedTokenBucketOptions> = {}): TokenBucket =>
  createSharedTokenBucket({
    ...{ name: 'provider', ratePerSecond: 10, burst: 3, marginMs: 0, clock, on },
    store: createMemoryBucketStore(clock),
    ...options,
  });

describe.each([
  ['of this process', own],
  ['that is shared', shared],
])('a token bucket %s', (_kind, make) => {
  it('gives its burst at once, and then at its rate', async () => {
    const bucket = make();
    for (let n = 0; n < 3; n += 1) await bucket.take();
    await expect(bucket.take()).rejects.toMatchObject({ code: 'tokens_short', retryAfterMs: 100 });
    await clock.advance(99);
    await expect(bucket.take()).rejects.toMatchObject({ retryAfterMs: 1 });
    await clock.advance(1);
    await bucket.take();
    expect(await bucket.tokens()).toBe(0);
  });

  it('refills by fractions, and not above its burst', async () => {
    const bucket = make();
    await bucket.take({ tokens: 3 });
    await clock.advance(250);
    expect(await bucket.tokens()).toBeCloseTo(2.5, 9);
    await clock.advance(10_000);
    expect(await bucket.tokens()).toBe(3);
  });

  it('waits as long as is allowed, and refuses what would take longer without spending', async () => {
    const bucket = make({ mostWaitMs: 200 });
    await bucket.take({ tokens: 3 });
    const times: number[] = [];
    const began = clock.now();
    const waiting = [1, 2].map(() => bucket.take().then(() => times.push(clock.now() - began)));
    await expect(bucket.take()).rejects.toBeInstanceOf(TokensShort);
    await expect(bucket.take({ tokens: 3 })).rejects.toMatchObject({ because: 'wait-too-long' });
    await clock.advance(200);
    await Promise.all(waiting);
    expect(times).toEqual([100, 200]);
    expect(await bucket.tokens()).toBeCloseTo(0, 9);
  });

  it('takes back what was not used, also when a caller stops waiting', async () => {
    const bucket = make({ mostWaitMs: 1000 });
    await bucket.take({ tokens: 3 });
    await bucket.giveBack(2);
    expect(await bucket.tokens()).toBeCloseTo(2, 9);
    await bucket.take({ tokens: 2 });
    const caller = new AbortController();
    const waiting = bucket.take({ signal: caller.signal });
    await clock.advance(50);
    caller.abort('gone');
    await expect(waiting).rejects.toBe('gone');
    await clock.advance(0);
    expect(await bucket.tokens()).toBeCloseTo(0.5, 9);
    await expect(bucket.take({ signal: AbortSignal.abort('gone before') })).rejects.toBe(
      'gone before',
    );
  });

  it('keeps away after a penalty, and comes back with one token', async () => {
    const bucket = make();
    await bucket.penalise(2000);
    await clock.advance(1999);
    await expect(bucket.take()).rejects.toMatchObject({ retryAfterMs: expect.closeTo(1, 6) });
    await clock.advance(1);
    await bucket.take();
    await expect(bucket.take()).rejects.toMatchObject({ retryAfterMs: expect.closeTo(100, 6) });
  });

  it('learns of a penalty from the error of the called party', async () => {
    const bucket = make();
    const busy = Object.assign(new Error('429'), { retryAfterMs: 500 });
    await expect(bucket.execute(() => Promise.reject(busy))).rejects.toBe(busy);
    expect(events).toContainEqual({ type: 'tokens-penalised', policy: 'provider', forMs: 500 });
    let called = false;
    await expect(bucket.execute(() => (called = true))).rejects.toMatchObject({
      retryAfterMs: expect.closeTo(500, 6),
    });
    expect(called).toBe(false);
  });

  it('reports shortages and waits', async () => {
    const bucket = make({ mostWaitMs: 100 });
    await bucket.take({ tokens: 3 });
    await expect(bucket.take({ tokens: 2 })).rejects.toBeInstanceOf(TokensShort);
    const waiting = bucket.take();
    await clock.advance(100);
    await waiting;
    expect(events).toEqual([
      expect.objectContaining({ type: 'tokens-short', tokens: 2, because: 'wait-too-long' }),
      { type: 'tokens-waited', policy: 'provider', tokens: 1, waitedMs: expect.closeTo(100, 6) },
    ]);
  });

  it.each([0, -1, 4, Number.NaN])('refuses %d tokens', async (tokens) => {
    await expect(make().take({ tokens })).rejects.toThrow('tokens should be a number in (0, 3]');
  });

  it('says what is wrong with its options', () => {
    expect(() => make({ ratePerSecond: 0, burst: 0.5, mostWaitMs: -1 })).toThrow(
      /ratePerSecond .*; burst .*; mostWaitMs/,
    );
  });
});

it('takes without waiting for anything', async () => {
  const bucket = own();
  expect([1, 2, 3, 4].map(() => bucket.tryTake())).toEqual([true, true, true, false]);
  await clock.advance(200);
  expect([bucket.tryTake(3), bucket.tryTake(2), bucket.tryTake(2)]).toEqual([false, true, false]);
});

describe('the margin of a shared bucket', () => {
  /** Answers after so long the first time, the second time … */
  const slow = (...answersAfterMs: number[]): BucketStore => {
    const store = createMemoryBucketStore(clock);
    return {
      ...store,
      reserve: async (...args) => {
        const answer = await store.reserve(...args);
        const afterMs = answersAfterMs.shift() ?? 0;
        await new Promise<void>((resolve) => void clock.schedule(afterMs, resolve, 'idle'));
        return answer;
      },
    };
  };

  it.each([
    ['is used', 50, 2],
    ['goes back, and another is taken', 51, 1.5],
  ])('a token %s when it took %d of 50 ms to come', async (_what, answer, left) => {
    const bucket = shared({ marginMs: 50, store: slow(answer, 0) });
    const taking = bucket.take();
    await clock.advance(answer);
    await taking;
    expect(await bucket.tokens()).toBeCloseTo(left, 9);
  });

  it('gives up when the store never answers in time, and has spent nothing', async () => {
    const bucket = shared({ marginMs: 50, store: slow(80, 80, 80, 80, 80) });
    const taking = expect(bucket.take()).rejects.toBeInstanceOf(TokensShort);
    await clock.advance(1000);
    await taking;
    expect(await bucket.tokens()).toBeCloseTo(2.5, 9);
  });

  it('has to leave a token', () => {
    expect(() => shared({ burst: 1, marginMs: 50 })).toThrow(
      'marginMs should leave a token of the burst: at most 0 for 1 at 10 a second, got 50',
    );
    expect(() => shared({ burst: 2, marginMs: 100 })).not.toThrow();
  });
});

describe('while the store is away', () => {
  const breakable = () => {
    const store = createMemoryBucketStore(clock);
    const state = { away: true, asked: 0 };
    const guard = <T>(answer: () => Promise<T>): Promise<T> => {
      state.asked += 1;
      return state.away ? Promise.reject(new Error('no connection')) : answer();
    };
    const guarded: BucketStore = {
      ...store,
      reserve: (...args) => guard(() => store.reserve(...args)),
    };
    return { store: guarded, state };
  };

  it('nothing passes, unless it was said otherwise', async () => {
    const { store, state } = breakable();
    const bucket = shared({ store });
    for (let n = 0; n < 10; n += 1)
      await expect(bucket.take()).rejects.toMatchObject({ because: 'store-away' });
    expect(state.asked).toBe(1);
    state.away = false;
    await clock.advance(499);
    await expect(bucket.take()).rejects.toMatchObject({ because: 'store-away' });
    await clock.advance(1);
    await bucket.take();
    expect(events.filter(({ type }) => type.startsWith('store'))).toEqual([
      expect.objectContaining({ type: 'store-away', applies: 'fail-closed' }),
      { type: 'store-back', policy: 'provider', awayMs: 500 },
    ]);
  });

  it('everything passes where that was said', async () => {
    const bucket = shared({ ...breakable(), whenAway: 'fail-open' });
    for (let n = 0; n < 10; n += 1) await bucket.take();
  });

  it("this instance's share passes where that was said", async () => {
    const bucket = shared({ ...breakable(), whenAway: { localShare: 0.5 }, burst: 4 });
    await bucket.take();
    await bucket.take();
    await expect(bucket.take()).rejects.toMatchObject({
      retryAfterMs: 200,
      because: 'wait-too-long',
    });
    await clock.advance(200);
    await bucket.take();
  });
});
