import { describe, expect, it } from '@jest/globals';

import { createBulkhead } from './bulkhead.ts';
import type { Policy } from './call.ts';
import { createCircuitBreaker } from './circuit-breaker.ts';
import { consecutiveFailures } from './domain/trip/consecutive-failures.ts';
import { createFallback } from './fallback.ts';
import { pipeline } from './pipeline.ts';
import { CircuitOpen, TimeoutExceeded } from './rejections.ts';
import { createRetry } from './retry.ts';
import { createTimeout } from './timeout.ts';
import { createVirtualClock } from './virtual-clock.ts';

const named = (name: string, log: string[]): Policy => ({
  execute: async (work, options) => {
    log.push(`${name} in`);
    const result = await work(options as never);
    log.push(`${name} out`);
    return result;
  },
});

describe('a pipeline', () => {
  it('goes from the outermost in, and back', async () => {
    const log: string[] = [];
    const line = pipeline(named('a', log), pipeline(named('b', log), named('c', log)));
    expect(await line.execute(() => log.push('work'))).toBe(4);
    expect(log).toEqual(['a in', 'b in', 'c in', 'work', 'c out', 'b out', 'a out']);
  });

  it('knows the types of what may come out', async () => {
    const nothing = createFallback({ name: 'nothing', answer: () => null });
    const line = pipeline(nothing, createTimeout({ name: 't', ms: 10 }));
    const value: number | null = await line.execute(() => 1);
    // @ts-expect-error -- the fallback may have answered
    const narrow: number = await line.execute(() => 1);
    const alone: number = await pipeline(createTimeout({ name: 't', ms: 10 })).execute(() => 1);
    expect([value, narrow, alone]).toEqual([1, 1, 1]);
  });

  it('fallback, retry, breaker, bulkhead, time-out: each attempt has its time, and the open circuit ends the attempts', async () => {
    const clock = createVirtualClock();
    const breaker = createCircuitBreaker({ name: 'b', trip: consecutiveFailures(2), clock });
    const errors: unknown[] = [];
    const line = pipeline(
      createFallback({ name: 'f', answer: (error) => (errors.push(error), 'instead') }),
      createRetry({
        ...{ name: 'r', attempts: 5, clock, chance: () => 0 },
        retryIf: (error) => !(error instanceof CircuitOpen),
      }),
      breaker,
      createBulkhead({ name: 'k', concurrency: 1, clock }),
      createTimeout({ name: 't', ms: 100, clock }),
    );
    const signals: AbortSignal[] = [];
    const running = line.execute(
      ({ signal }) =>
        new Promise<string>((_resolve, reject) => {
          signals.push(signal);
          signal.addEventListener('abort', () => reject(new Error('stopped')));
        }),
      { repeat: 'safe' },
    );
    await clock.advance(1000);
    expect(await running).toBe('instead');
    expect(signals).toHaveLength(2);
    expect(errors).toEqual([expect.any(CircuitOpen)]);
    expect(breaker.view()).toMatchObject({ kind: 'open' });
  });

  it('a time-out around a breaker counts against the circuit, a caller who leaves does not', async () => {
    const clock = createVirtualClock();
    const breaker = createCircuitBreaker({ name: 'b', trip: consecutiveFailures(1), clock });
    const line = pipeline(createTimeout({ name: 't', ms: 100, clock }), breaker);
    const wait = (signal?: AbortSignal): Promise<unknown> =>
      line
        .execute(
          (call) =>
            new Promise((_resolve, reject) => {
              call.signal.addEventListener('abort', () => reject(new Error('stopped')));
            }),
          { signal },
        )
        .catch((error: unknown) => error);
    const caller = new AbortController();
    const left = wait(caller.signal);
    caller.abort();
    await left;
    expect(breaker.view().kind).toBe('closed');
    const timedOut = wait();
    await clock.advance(100);
    expect(await timedOut).toBeInstanceOf(TimeoutExceeded);
    expect(breaker.view().kind).toBe('open');
  });
});

describe('a fallback', () => {
  it('answers the errors that it is for, and gives its own error where it fails', async () => {
    const only = createFallback({
      name: 'only',
      when: (error) => error instanceof RangeError,
      answer: () => 'instead',
    });
    expect(await only.execute(() => Promise.reject(new RangeError()))).toBe('instead');
    await expect(only.execute(() => Promise.reject(new TypeError('no')))).rejects.toThrow('no');
    const broken = createFallback({
      name: 'broken',
      answer: (): string => {
        throw new Error('worse');
      },
    });
    await expect(broken.execute(() => Promise.reject(new Error('bad')))).rejects.toThrow('worse');
    const gone = broken.execute(() => Promise.reject(new Error('bad')), {
      signal: AbortSignal.abort(),
    });
    await expect(gone).rejects.toThrow('bad');
  });
});
