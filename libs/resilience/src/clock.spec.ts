import { afterEach, describe, expect, it, jest } from '@jest/globals';

import { createCircuitBreaker } from './circuit-breaker.ts';
import { systemClock } from './clock.ts';
import { consecutiveFailures } from './domain/trip/consecutive-failures.ts';
import { createTimeout } from './timeout.ts';
import { createTokenBucket } from './token-bucket.ts';

const HOUR_MS = 3_600_000;
afterEach(() => {
  jest.restoreAllMocks();
});

describe.each([
  ['forwards by a day', 24 * HOUR_MS],
  ['back by a day', -24 * HOUR_MS],
  ['forwards by an hour, as in spring', HOUR_MS],
  ['back by an hour, as in autumn', -HOUR_MS],
])('a wall clock that is set %s changes nothing', (_case, byMs) => {
  const set = (): void => {
    const real = Date.now;
    jest.spyOn(Date, 'now').mockImplementation(() => real.call(Date) + byMs);
  };

  it('for an open circuit', async () => {
    const breaker = createCircuitBreaker({
      name: 'b',
      trip: consecutiveFailures(1),
      openMs: HOUR_MS,
    });
    await breaker.execute(() => Promise.reject(new Error('failed'))).catch(() => undefined);
    set();
    const forMs = { retryAfterMs: expect.closeTo(HOUR_MS, -5) };
    await expect(breaker.execute(() => 1)).rejects.toMatchObject(forMs);
  });

  it('for an empty bucket', async () => {
    const bucket = createTokenBucket({ name: 't', ratePerSecond: 1000 / HOUR_MS, burst: 1 });
    await bucket.take();
    set();
    expect(bucket.tryTake()).toBe(false);
    expect(await bucket.tokens()).toBeCloseTo(0, 1);
  });

  it('for a time-out', async () => {
    const timeout = createTimeout({ name: 't', ms: HOUR_MS, mode: 'hard' });
    const work = Promise.withResolvers<string>();
    const running = timeout.execute(() => work.promise);
    set();
    setTimeout(() => work.resolve('well'), 5);
    expect(await running).toBe('well');
  });
});

it('a delay that is longer than timers can count does not fire at once', async () => {
  const fired = jest.fn();
  const cancel = systemClock.schedule(2 ** 40, fired, 'idle');
  await new Promise((resolve) => setTimeout(resolve, 20));
  cancel();
  expect(fired).not.toHaveBeenCalled();
});
