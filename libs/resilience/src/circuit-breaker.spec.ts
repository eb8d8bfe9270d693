import { beforeEach, describe, expect, it } from '@jest/globals';

import {
  type CircuitBreaker,
  type CircuitBreakerOptions,
  createCircuitBreaker,
} from './circuit-breaker.ts';
import { consecutiveFailures } from './domain/trip/consecutive-failures.ts';
import { slowCalls } from './domain/trip/slow-calls.ts';
import { countWindow } from './domain/trip/count-window.ts';
import type { ResilienceEvent } from './events.ts';
import { BulkheadFull, CircuitOpen, TimeoutExceeded } from './rejections.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

let clock: VirtualClock;
let events: ResilienceEvent[];
beforeEach(() => {
  clock = createVirtualClock();
  events = [];
});

const make = (options: Partial<CircuitBreakerOptions> = {}): CircuitBreaker =>
  createCircuitBreaker({
    name: 'upstream',
    trip: consecutiveFailures(2),
    openMs: 1000,
    probeTimeoutMs: 500,
    clock,
    on: (event) => events.push(event),
    ...options,
  });

const boom = new Error('boom');
const good = (breaker: CircuitBreaker): Promise<string> => breaker.execute(() => 'well');
const bad = (breaker: CircuitBreaker): Promise<unknown> =>
  breaker.execute(() => Promise.reject(boom)).catch((error: unknown) => error);
/** A call whose end the test decides. */
function held(breaker: CircuitBreaker, signal?: AbortSignal) {
  const work = Promise.withResolvers<string>();
  const result = breaker.execute(() => work.promise, { signal }).catch((error: unknown) => error);
  return { ...work, result };
}
const opened = async (options: Partial<CircuitBreakerOptions> = {}): Promise<CircuitBreaker> => {
  const breaker = make(options);
  await bad(breaker);
  await bad(breaker);
  return breaker;
};

describe('a circuit breaker', () => {
  it('passes values, errors and what is thrown at once through unchanged', async () => {
    const breaker = make();
    expect(await good(breaker)).toBe('well');
    expect(await bad(breaker)).toBe(boom);
    const thrown = breaker.execute((): string => {
      throw boom;
    });
    await expect(thrown).rejects.toBe(boom);
  });

  it('opens at the threshold and not before, and calls nothing then', async () => {
    const breaker = make();
    await bad(breaker);
    expect(breaker.view()).toMatchObject({ kind: 'closed' });
    await bad(breaker);
    expect(breaker.view()).toMatchObject({ kind: 'open', forMs: 1000, opens: 1, scope: 'local' });
    let called = false;
    await clock.advance(300);
    const rejected: unknown = await breaker
      .execute(() => (called = true))
      .catch((error: unknown) => error);
    expect(called).toBe(false);
    expect(rejected).toBeInstanceOf(CircuitOpen);
    expect(rejected).toMatchObject({
      code: 'circuit_open',
      policy: 'upstream',
      state: 'open',
      retryAfterMs: 700,
      retryAfterSeconds: 1,
      retryable: true,
      until: expect.any(Date),
    });
  });

  it.each([
    [999, 'open'],
    [1000, 'closed'],
  ])('lets a probe through after %d of 1000 ms: %s', async (after, kind) => {
    const breaker = await opened();
    await clock.advance(after);
    await good(breaker).catch(() => undefined);
    expect(breaker.view().kind).toBe(kind);
  });

  it('admits as many probes at once as are permitted, over and over', async () => {
    const breaker = await opened({ probes: 2, successes: 3 });
    await clock.advance(1000);
    const first = held(breaker);
    const second = held(breaker);
    expect(await held(breaker).result).toMatchObject({
      state: 'half-open',
      retryAfterMs: undefined,
    });
    first.resolve('well');
    await first.result;
    const third = held(breaker);
    expect(await held(breaker).result).toBeInstanceOf(CircuitOpen);
    second.resolve('well');
    await second.result;
    expect(breaker.view()).toMatchObject({ kind: 'half-open', successes: 2, probes: 1 });
    third.resolve('well');
    await third.result;
    expect(breaker.view().kind).toBe('closed');
  });

  it('re-opens at one failed probe, for as long as before or longer', async () => {
    const breaker = await opened({ openMs: { firstMs: 1000, factor: 3, capMs: 5000 } });
    const times: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const view = breaker.view();
      const forMs = view.kind === 'open' ? view.forMs : 0;
      times.push(forMs);
      await clock.advance(forMs);
      await bad(breaker);
    }
    expect(times).toEqual([1000, 3000, 5000]);
    await clock.advance(5000);
    await good(breaker);
    await bad(breaker);
    await bad(breaker);
    expect(breaker.view()).toMatchObject({ kind: 'open', forMs: 1000, opens: 1 });
  });

  it('does not take for failures what its caller gave up, or another policy refused', async () => {
    const breaker = make();
    for (let n = 0; n < 5; n += 1) {
      const cancelled = new AbortController();
      const call = held(breaker, cancelled.signal);
      cancelled.abort();
      call.reject(boom);
      await call.result;
      await breaker
        .execute(() => Promise.reject(new BulkheadFull('b', 'queue-full')))
        .catch(() => undefined);
    }
    expect(breaker.view().kind).toBe('closed');
    for (let n = 0; n < 2; n += 1)
      await breaker
        .execute(() => Promise.reject(new TimeoutExceeded('t', 1)))
        .catch(() => undefined);
    expect(breaker.view().kind).toBe('open');
  });

  it('makes room again for a probe that its caller gave up, without a verdict', async () => {
    const breaker = await opened();
    await clock.advance(1000);
    const cancelled = new AbortController();
    const probe = held(breaker, cancelled.signal);
    cancelled.abort();
    probe.reject(boom);
    await probe.result;
    expect(breaker.view()).toMatchObject({ kind: 'half-open', probes: 0, successes: 0 });
    await good(breaker);
    expect(breaker.view().kind).toBe('closed');
  });

  it('does not begin a call for a caller that has gone when it would have to ask', async () => {
    const breaker = await opened();
    await clock.advance(1000);
    await expect(breaker.execute(() => 'well', { signal: AbortSignal.abort('gone') })).rejects.toBe(
      'gone',
    );
    expect(breaker.view()).toMatchObject({ kind: 'open', forMs: 0 });
  });

  it('counts by its own predicate, values too', async () => {
    const breaker = make({
      judge: (outcome) => {
        if (outcome.kind === 'value') return outcome.value === 503 ? 'failure' : 'success';
        return outcome.error === boom ? 'ignored' : 'failure';
      },
    });
    for (let n = 0; n < 3; n += 1) await bad(breaker);
    await breaker.execute(() => 503);
    expect(breaker.view().kind).toBe('closed');
    await breaker.execute(() => 503);
    expect(breaker.view().kind).toBe('open');
  });

  it('opens for slow calls', async () => {
    const breaker = make({
      trip: slowCalls({ longerThanMs: 100, in: countWindow({ calls: 2, ratio: 1 }) }),
    });
    for (const took of [101, 100, 101, 101]) {
      expect(breaker.view().kind).toBe('closed');
      const call = held(breaker);
      await clock.advance(took);
      call.resolve('slow');
      await call.result;
    }
    expect(breaker.view().kind).toBe('open');
  });

  it('stays isolated until it is reset', async () => {
    const breaker = make();
    await breaker.isolate('the provider asked for it');
    await clock.advance(1e9);
    await expect(good(breaker)).rejects.toMatchObject({ state: 'isolated', until: undefined });
    expect(breaker.view()).toMatchObject({ kind: 'isolated', why: 'the provider asked for it' });
    await breaker.reset();
    expect(await good(breaker)).toBe('well');
  });

  it('forgets at a reset what it had counted', async () => {
    const breaker = make();
    await bad(breaker);
    await breaker.reset();
    await bad(breaker);
    expect(breaker.view().kind).toBe('closed');
    await bad(breaker);
    expect(breaker.view().kind).toBe('open');
  });

  it('reports each transition with its reason, and each rejection', async () => {
    const breaker = await opened();
    await bad(breaker);
    await clock.advance(1000);
    await good(breaker);
    expect(events).toEqual([
      { type: 'circuit-made', policy: 'upstream' },
      expect.objectContaining({
        type: 'circuit-changed',
        from: 'closed',
        to: 'open',
        generation: 1,
        reason: { rule: 'consecutive-failures', failures: 2 },
        openForMs: 1000,
        scope: 'local',
      }),
      { type: 'circuit-rejected', policy: 'upstream', state: 'open' },
      expect.objectContaining({ from: 'open', to: 'half-open', generation: 2 }),
      expect.objectContaining({ from: 'half-open', to: 'closed', generation: 3 }),
    ]);
  });

  it('does not let a listener that fails break the call', async () => {
    const breaker = make({
      on: () => {
        throw new Error('listener');
      },
    });
    await bad(breaker);
    expect(await bad(breaker)).toBe(boom);
  });

  it('says all that is wrong with its options at once', () => {
    expect(() =>
      make({ openMs: 0, probes: 0, successes: 1.5, probeTimeoutMs: -1, quorum: 2 }),
    ).toThrow(
      /openMs .*; probes .*; successes .*; probeTimeoutMs .*; quorum should be 1 for a circuit that is not shared/,
    );
  });
});

describe('what others get wrong', () => {
  it('a success that was admitted before the trip does not close a half-open circuit', async () => {
    const breaker = make();
    const early = held(breaker);
    await bad(breaker);
    await bad(breaker);
    await clock.advance(1000);
    const probe = held(breaker);
    early.resolve('late but well');
    await early.result;
    expect(breaker.view()).toMatchObject({ kind: 'half-open', successes: 0, probes: 1 });
    probe.reject(boom);
    await probe.result;
    expect(breaker.view().kind).toBe('open');
  });

  it('a stale failure does not re-open a half-open circuit, nor one that has closed again', async () => {
    const breaker = make({ trip: consecutiveFailures(1) });
    const early = [held(breaker), held(breaker)];
    await bad(breaker);
    await clock.advance(1000);
    const probe = held(breaker);
    early[0]?.reject(boom);
    await early[0]?.result;
    expect(breaker.view().kind).toBe('half-open');
    probe.resolve('well');
    await probe.result;
    early[1]?.reject(boom);
    await early[1]?.result;
    expect(breaker.view().kind).toBe('closed');
  });

  it('a stale probe does not decide over the next half-open circuit', async () => {
    const breaker = await opened({ probes: 2 });
    await clock.advance(1000);
    const [one, two] = [held(breaker), held(breaker)];
    one.reject(boom);
    await one.result;
    await clock.advance(1000);
    const probe = held(breaker);
    two.resolve('well');
    await two.result;
    expect(breaker.view()).toMatchObject({ kind: 'half-open', probes: 1, successes: 0 });
    probe.reject(boom);
    await probe.result;
    expect(breaker.view()).toMatchObject({ kind: 'open', opens: 3 });
  });

  it.each([
    [499, 'half-open'],
    [500, 'open'],
  ])(
    'half-open is not stuck behind a probe without an answer: after %d of 500 ms %s',
    async (after, kind) => {
      const breaker = await opened();
      await clock.advance(1000);
      held(breaker);
      await clock.advance(after);
      await expect(good(breaker)).rejects.toMatchObject({ state: kind });
    },
  );

  it('a silent probe has failed when its time was over, not when somebody looked', async () => {
    const breaker = await opened();
    await clock.advance(1000);
    const silent = held(breaker);
    await clock.advance(500 + 1000);
    const next = held(breaker);
    silent.resolve('much too late');
    await silent.result;
    expect(breaker.view()).toMatchObject({ kind: 'half-open', opens: 2, successes: 0, probes: 1 });
    next.resolve('well');
    await next.result;
    expect(breaker.view().kind).toBe('closed');
    expect(events).toContainEqual(
      expect.objectContaining({
        from: 'half-open',
        to: 'open',
        reason: { rule: 'probe-silent', by: 'this process' },
      }),
    );
  });

  it('half-open does not let everybody through: one of a hundred at once', async () => {
    const breaker = await opened();
    await clock.advance(1000);
    let called = 0;
    const results = await Promise.allSettled(
      Array.from({ length: 100 }, () => breaker.execute(() => (called += 1))),
    );
    expect(called).toBe(1);
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(99);
  });

  it('no timer is held, in no state', async () => {
    const breaker = await opened();
    await clock.advance(1000);
    held(breaker);
    expect(clock.pending()).toBe(0);
  });
});
