import { beforeEach, describe, expect, it } from '@jest/globals';

import type { Policy } from './call.ts';
import { createTimeout, type TimeoutOptions } from './timeout.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

let clock: VirtualClock;
beforeEach(() => {
  clock = createVirtualClock();
});
const make = (options: Partial<TimeoutOptions> = {}): Policy =>
  createTimeout({ name: 'quick', ms: 100, clock, ...options });

/** Ends with the signal's reason as soon as it is aborted. */
const obedient = (signal: AbortSignal): Promise<string> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`aborted: ${String(signal.reason)}`)));
  });
const outcome = (running: Promise<unknown>) => {
  const seen: { value?: unknown; error?: unknown } = {};
  running.then(
    (value) => (seen.value = value),
    (error: unknown) => (seen.error = error),
  );
  return seen;
};

describe.each(['cooperative', 'hard'] as const)('a %s time-out', (mode) => {
  it('ends work that listens, not before its time and not after', async () => {
    const seen = outcome(make({ mode }).execute((call) => obedient(call.signal)));
    await clock.advance(99);
    expect(seen).toEqual({});
    await clock.advance(1);
    expect(seen.error).toMatchObject({ code: 'timeout_exceeded', afterMs: 100, retryable: true });
  });

  it('leaves alone what ends in time, and keeps one timer for any number of calls', async () => {
    const timeout = make({ mode });
    const boom = new Error('boom');
    for (let n = 0; n < 50; n += 1) expect(await timeout.execute(() => n)).toBe(n);
    await expect(timeout.execute(() => Promise.reject(boom))).rejects.toBe(boom);
    expect(clock.pending()).toBe(1);
    await clock.advance(100);
    expect(clock.pending()).toBe(0);
  });

  it('gives each call its own whole time', async () => {
    const timeout = make({ mode });
    const first = outcome(timeout.execute((call) => obedient(call.signal)));
    await clock.advance(60);
    const second = outcome(timeout.execute((call) => obedient(call.signal)));
    await clock.advance(40);
    expect([first.error !== undefined, second.error !== undefined]).toEqual([true, false]);
    await clock.advance(59);
    expect(second.error).toBeUndefined();
    await clock.advance(1);
    expect(second.error).toBeDefined();
  });

  it("passes its caller's end on, and stops listening to a signal that lives longer", async () => {
    const caller = new AbortController();
    let listeners = 0;
    const { signal } = caller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    const timeout = make({ mode });
    await timeout.execute((call) => call.signal.aborted, { signal });
    expect(listeners).toBe(0);
    const seen = outcome(timeout.execute((call) => obedient(call.signal), { signal }));
    caller.abort('enough');
    await clock.advance(0);
    expect(seen.error).toMatchObject({ message: 'aborted: enough' });
  });

  it('shows a signal that is aborted already to work that looks late', async () => {
    const late = Promise.withResolvers<undefined>();
    const seen: { aborted?: boolean } = {};
    const running = make({ mode }).execute(async (call) => {
      await late.promise;
      seen.aborted = call.signal.aborted;
      throw new Error('noticed');
    });
    running.catch(() => undefined);
    await clock.advance(100);
    late.resolve(undefined);
    await expect(running).rejects.toMatchObject({ code: 'timeout_exceeded' });
    await clock.advance(0);
    expect(seen.aborted).toBe(true);
  });
});

describe('work that does not listen', () => {
  it('is waited for by a cooperative time-out, and its late value is taken', async () => {
    const work = Promise.withResolvers<string>();
    const seen = outcome(make().execute(() => work.promise));
    await clock.advance(500);
    expect(seen).toEqual({});
    work.resolve('late');
    await clock.advance(0);
    expect(seen).toEqual({ value: 'late' });
  });

  it('is left behind by a hard one', async () => {
    const work = Promise.withResolvers<string>();
    const seen = outcome(make({ mode: 'hard' }).execute(() => work.promise));
    await clock.advance(100);
    expect(seen.error).toMatchObject({ code: 'timeout_exceeded' });
    work.reject(new Error('nobody minds'));
    await clock.advance(0);
  });
});

it('refuses a time that is none', () => {
  expect(() => make({ ms: 0 })).toThrow('ms should be a number in [1, ∞), got 0');
});
