import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import {
  type CircuitBreaker,
  type CircuitBreakerOptions,
  createCircuitBreaker,
} from './circuit-breaker.ts';
import type { CircuitStore } from './circuit-store.ts';
import { consecutiveFailures } from './domain/trip/consecutive-failures.ts';
import type { ResilienceEvent } from './events.ts';
import { createMemoryCircuitStore } from './memory/circuit-store.ts';
import {
  createSharedCircuits,
  type SharedCircuits,
  type SharedCircuitsOptions,
} from './shared-circuits.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

type Instance = {
  readonly breaker: CircuitBreaker;
  readonly events: ResilienceEvent[];
  readonly circuits: SharedCircuits;
};

let clock: VirtualClock;
let store: CircuitStore;
let fault: Error | undefined;
let reads: number;
let instances: Instance[];
beforeEach(() => {
  clock = createVirtualClock();
  fault = undefined;
  reads = 0;
  instances = [];
  const inner = createMemoryCircuitStore(clock);
  const guard = <T>(answer: () => Promise<T>): Promise<T> =>
    fault === undefined ? answer() : Promise.reject(fault);
  store = {
    read: (names) => guard(() => ((reads += 1), inner.read(names))),
    swap: (...args) => guard(() => inner.swap(...args)),
  };
});
afterEach(async () => {
  await Promise.all(instances.map(({ circuits }) => circuits.close()));
  expect(clock.pending()).toBe(0);
});

async function start(
  name: string,
  options: Partial<CircuitBreakerOptions> = {},
  sharing: Partial<SharedCircuitsOptions> = {},
): Promise<Instance> {
  const events: ResilienceEvent[] = [];
  const on = (event: ResilienceEvent): unknown => events.push(event);
  // Each process's monotonic clock began at another moment.
  const ahead = (instances.length + 1) * 1e6;
  const own = { ...clock, now: () => clock.now() + ahead };
  const circuits = createSharedCircuits({ store, instance: name, clock: own, on, ...sharing });
  const trip = consecutiveFailures(2);
  const breaker = createCircuitBreaker({
    ...{
      name: 'upstream',
      trip,
      openMs: 5000,
      probeTimeoutMs: 1000,
      shared: circuits,
      clock: own,
      on,
    },
    ...options,
  });
  await circuits.ready();
  const instance = { breaker, events, circuits };
  instances.push(instance);
  return instance;
}

const settle = (): Promise<void> => clock.advance(0);
async function fail({ breaker }: Instance, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1)
    await breaker.execute(() => Promise.reject(new Error('failed'))).catch(() => undefined);
  await settle();
}
const passes = ({ breaker }: Instance): Promise<boolean> =>
  breaker.execute(() => true).catch(() => false);
function held({ breaker }: Instance) {
  const work = Promise.withResolvers<boolean>();
  const call = { begun: false, ...work };
  breaker
    .execute(() => {
      call.begun = true;
      return work.promise;
    })
    .catch(() => undefined);
  return call;
}

describe('a circuit that instances share', () => {
  it('is open for all within a second, until the same moment', async () => {
    const [one, two] = [await start('one'), await start('two')];
    await fail(one, 2);
    expect(one.breaker.view()).toMatchObject({ kind: 'open', scope: 'shared', forMs: 5000 });
    await clock.advance(400);
    expect(two.breaker.view()).toMatchObject({ kind: 'open', forMs: 4600 });
    expect(await passes(two)).toBe(false);
    const transitions = one.events.filter(({ type }) => type === 'circuit-changed');
    expect(transitions).toEqual([expect.objectContaining({ scope: 'shared', to: 'open' })]);
  });

  it('lets nothing through in the instance that has opened it, even before the store knows', async () => {
    const one = await start('one');
    const swap = store.swap.bind(store);
    const answer = Promise.withResolvers<undefined>();
    store.swap = (...args) => answer.promise.then(() => swap(...args));
    await fail(one, 2);
    expect(one.breaker.view()).toMatchObject({ kind: 'open', scope: 'local' });
    expect(await passes(one)).toBe(false);
    answer.resolve(undefined);
    await settle();
    expect(one.breaker.view()).toMatchObject({ kind: 'open', scope: 'shared' });
  });

  it('is joined by a new instance with the original deadline', async () => {
    const one = await start('one');
    await fail(one, 2);
    await one.circuits.close();
    await clock.advance(3000);
    const two = await start('two');
    expect(two.breaker.view()).toMatchObject({ kind: 'open', forMs: 2000 });
    await clock.advance(1999);
    expect(await passes(two)).toBe(false);
    await clock.advance(1);
    expect(await passes(two)).toBe(true);
    await settle();
    expect(two.breaker.view()).toMatchObject({ kind: 'closed', generation: 3 });
  });

  it('admits its probes over all instances together', async () => {
    const all = [
      await start('one', { probes: 2 }),
      await start('two', { probes: 2 }),
      await start('three', { probes: 2 }),
    ];
    const [one] = all as [Instance];
    await fail(one, 2);
    await clock.advance(5000);
    const calls = all.flatMap((instance) => [1, 2, 3, 4].map(() => held(instance)));
    await settle();
    expect(calls.filter(({ begun }) => begun)).toHaveLength(2);
    for (const call of calls) call.resolve(true);
    await clock.advance(400);
    expect(all.map(({ breaker }) => breaker.view().kind)).toEqual(['closed', 'closed', 'closed']);
  });

  it('is not held up by a probe whose instance has died', async () => {
    const [one, two] = [await start('one'), await start('two')];
    await fail(one, 2);
    await clock.advance(5000);
    const probe = held(one);
    await settle();
    expect(probe.begun).toBe(true);
    await one.circuits.close();
    await clock.advance(999);
    expect(await passes(two)).toBe(false);
    await clock.advance(1);
    expect(await passes(two)).toBe(false);
    await clock.advance(400);
    expect(two.breaker.view()).toMatchObject({ kind: 'open', opens: 2, forMs: 4600 });
    expect(two.events).toContainEqual(
      expect.objectContaining({ to: 'open', reason: { rule: 'probe-silent', by: 'one' } }),
    );
    await clock.advance(4600);
    expect(await passes(two)).toBe(true);
  });

  it('ignores what was admitted before the circuit changed, in each instance', async () => {
    const [one, two] = [await start('one'), await start('two')];
    const early = held(two);
    await fail(two, 1);
    await fail(one, 2);
    await clock.advance(5000);
    expect(await passes(one)).toBe(true);
    await clock.advance(400);
    early.reject(new Error('stale'));
    await fail(two, 1);
    expect(two.breaker.view()).toMatchObject({ kind: 'closed' });
    await fail(two, 1);
    expect(two.breaker.view()).toMatchObject({ kind: 'open' });
  });

  it('asks nobody for calls through an unchanged circuit', async () => {
    const one = await start('one');
    const before = reads;
    for (let n = 0; n < 1000; n += 1) await passes(one);
    expect(reads).toBe(before);
    await fail(one, 2);
    const opened = reads;
    for (let n = 0; n < 1000; n += 1) await passes(one);
    expect(reads).toBe(opened);
  });

  it('asks the store once for a thousand calls that want to probe at the same time', async () => {
    const one = await start('one');
    await fail(one, 2);
    await clock.advance(5000);
    const before = reads;
    const calls = Array.from({ length: 1000 }, () => held(one));
    await settle();
    expect(calls.filter(({ begun }) => begun)).toHaveLength(1);
    expect(reads - before).toBeLessThanOrEqual(2);
    calls[0]?.resolve(true);
  });

  it('is isolated and reset for all, and isolation survives instances', async () => {
    const [one, two] = [await start('one'), await start('two')];
    await one.breaker.isolate('maintenance');
    await clock.advance(400);
    expect(await passes(two)).toBe(false);
    await clock.advance(1e6);
    const three = await start('three');
    expect(three.breaker.view()).toMatchObject({ kind: 'isolated', why: 'maintenance' });
    await three.breaker.reset();
    await clock.advance(400);
    expect(await Promise.all([one, two, three].map(passes))).toEqual([true, true, true]);
  });

  it('refuses two circuits of one name in one process', async () => {
    const { circuits } = await start('one');
    expect(() =>
      createCircuitBreaker({ name: 'upstream', trip: consecutiveFailures(1), shared: circuits }),
    ).toThrow('There are two circuits called upstream');
  });
});

describe('a quorum of two', () => {
  const options = { quorum: 2, voteMs: 10_000 };

  it('keeps one bad instance from opening it for all; that one opens for itself', async () => {
    const [one, two] = [await start('one', options), await start('two', options)];
    await fail(one, 2);
    await clock.advance(400);
    expect(one.breaker.view()).toMatchObject({ kind: 'open', scope: 'local' });
    expect(await passes(two)).toBe(true);
    await clock.advance(5000);
    await fail(one, 1);
    expect(one.breaker.view()).toMatchObject({ kind: 'open', scope: 'local', opens: 2 });
    expect(two.breaker.view()).toMatchObject({ kind: 'closed' });
  });

  it.each([
    [9999, 'shared'],
    [10_000, 'local'],
  ])('takes the second vote %d of 10000 ms after the first: %s', async (after, scope) => {
    const [one, two] = [await start('one', options), await start('two', options)];
    await fail(one, 2);
    await clock.advance(after);
    await fail(two, 2);
    expect(two.breaker.view()).toMatchObject({ kind: 'open', scope });
  });
});

describe('while the store is away', () => {
  const lose = async (): Promise<void> => {
    fault = new Error('no connection');
    await clock.advance(400);
  };

  it('each goes on alone from what it knew, with the same deadline, and says so once', async () => {
    const [one, two] = [await start('one'), await start('two')];
    await fail(one, 2);
    await clock.advance(1000);
    await lose();
    expect(two.breaker.view()).toMatchObject({
      kind: 'open',
      scope: 'local',
      store: 'away',
      forMs: 3600,
    });
    await clock.advance(3600);
    expect(await passes(two)).toBe(true);
    expect(two.breaker.view().kind).toBe('closed');
    await fail(two, 2);
    expect(two.breaker.view()).toMatchObject({ kind: 'open', scope: 'local' });
    expect(two.events.filter(({ type }) => type === 'store-away')).toHaveLength(1);
  });

  it('comes back by itself, and brings along what happened meanwhile', async () => {
    const [one, two] = [await start('one'), await start('two')];
    await lose();
    await fail(one, 2);
    expect(await passes(two)).toBe(true);
    fault = undefined;
    await clock.advance(800);
    expect(two.breaker.view()).toMatchObject({ kind: 'open', scope: 'shared', store: 'reachable' });
    expect(one.events.map(({ type }) => type)).toEqual([
      'circuit-made',
      'store-away',
      'circuit-changed',
      'store-back',
      'circuit-changed',
    ]);
  });

  it('everything passes where that was said, and nothing where that was', async () => {
    const open = await start('one', {}, { whenAway: 'fail-open' });
    await fail(open, 2);
    await lose();
    expect(await passes(open)).toBe(true);
    await fail(open, 9);
    expect(await passes(open)).toBe(true);
    fault = undefined;
    await clock.advance(400);
    expect(await passes(open)).toBe(false);
    const closed = await start('two', {}, { whenAway: 'fail-closed' });
    await clock.advance(5000);
    expect(await passes(closed)).toBe(true);
    await lose();
    await expect(closed.breaker.execute(() => true)).rejects.toMatchObject({ state: 'store-away' });
    fault = undefined;
    await clock.advance(400);
    expect(await passes(closed)).toBe(true);
  });

  it('an isolation that is known goes on, whatever was said', async () => {
    const one = await start('one', {}, { whenAway: 'fail-open' });
    await one.breaker.isolate('by hand');
    await lose();
    await expect(passes(one)).resolves.toBe(false);
    await expect(one.breaker.reset()).rejects.toThrow('no connection');
  });

  it('a single failed query is no outage', async () => {
    const one = await start('one');
    const read = store.read.bind(store);
    let broken = true;
    store.read = (names) =>
      broken ? ((broken = false), Promise.reject(new Error('reset'))) : read(names);
    await clock.advance(400);
    expect(one.events).toEqual([{ type: 'circuit-made', policy: 'upstream' }]);
  });

  it('an instance that starts meanwhile begins alone', async () => {
    fault = new Error('no connection');
    const one = await start('one');
    expect(one.breaker.view()).toMatchObject({ kind: 'closed', store: 'away' });
    expect(await passes(one)).toBe(true);
  });
});
