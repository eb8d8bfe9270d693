/** What the comparison says about others, so that it is true of the versions that are installed here. */
import { describe, expect, it, jest } from '@jest/globals';
import * as cockatiel from 'cockatiel';
import CircuitBreaker from 'opossum';

type Held = PromiseWithResolvers<string> & { readonly outcome: Promise<unknown> };
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function viaCockatiel(halfOpenAfter = 1) {
  const { circuitBreaker, ConsecutiveBreaker, handleAll } = cockatiel;
  const breaker = circuitBreaker(handleAll, { halfOpenAfter, breaker: new ConsecutiveBreaker(1) });
  const hold = (): Held => {
    const work = Promise.withResolvers<string>();
    return {
      ...work,
      outcome: breaker.execute(() => work.promise).catch((error: unknown) => error),
    };
  };
  return { breaker, hold };
}

function viaOpossum() {
  const options = {
    timeout: false,
    resetTimeout: 1,
    volumeThreshold: 1,
    errorThresholdPercentage: 1,
  } as const;
  const breaker = new CircuitBreaker((work: Promise<string>) => work, options);
  const hold = (): Held => {
    const work = Promise.withResolvers<string>();
    return { ...work, outcome: breaker.fire(work.promise).catch((error: unknown) => error) };
  };
  return { breaker, hold };
}

const fail = async ({ reject, outcome }: Held): Promise<void> => {
  reject(new Error('failed'));
  await outcome;
};
const laterBy = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('cockatiel', () => {
  it('re-opens a half-open circuit for a failure that was admitted before the trip', async () => {
    const { breaker, hold } = viaCockatiel();
    const early = hold();
    await fail(hold());
    await laterBy(5);
    hold();
    expect(breaker.state).toBe(cockatiel.CircuitState.HalfOpen);
    await fail(early);
    expect(breaker.state).toBe(cockatiel.CircuitState.Open);
  });

  it('lets calls wait without a bound behind a probe that gives no answer', async () => {
    const { hold } = viaCockatiel();
    await fail(hold());
    await laterBy(5);
    hold();
    const ended = jest.fn();
    for (let n = 0; n < 100; n += 1) void hold().outcome.then(ended);
    await laterBy(50);
    expect(ended).not.toHaveBeenCalled();
  });

  it('goes by the wall clock', async () => {
    const { breaker, hold } = viaCockatiel(20);
    await fail(hold());
    const now = jest.spyOn(Date, 'now').mockImplementation(() => 0);
    await laterBy(40);
    await expect(breaker.execute(() => 'well')).rejects.toThrow();
    now.mockRestore();
    await expect(breaker.execute(() => 'well')).resolves.toBe('well');
  });
});

describe('opossum', () => {
  it('closes a half-open circuit for a success that was admitted before the trip', async () => {
    const { breaker, hold } = viaOpossum();
    const early = hold();
    await fail(hold());
    await laterBy(10);
    expect(breaker.halfOpen).toBe(true);
    early.resolve('late');
    await early.outcome;
    await settle();
    expect(breaker.closed).toBe(true);
  });

  it('refuses for ever behind a probe that gives no answer, where there is no time-out', async () => {
    const { breaker, hold } = viaOpossum();
    await fail(hold());
    await laterBy(10);
    hold();
    await laterBy(50);
    expect(breaker.halfOpen).toBe(true);
    expect(await hold().outcome).toMatchObject({ code: 'EOPENBREAKER' });
  });
});
