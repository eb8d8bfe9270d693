import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { type Defect, ModelBreaker, type ModelRules } from '../test/model-breaker.ts';
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts';
import { consecutiveFailures } from './domain/trip/consecutive-failures.ts';
import { createMemoryCircuitStore } from './memory/circuit-store.ts';
import { CircuitOpen } from './rejections.ts';
import { createSharedCircuits, type SharedCircuits } from './shared-circuits.ts';
import { createVirtualClock } from './virtual-clock.ts';

type Step =
  | { readonly do: 'call' | 'restart'; readonly at: number }
  | { readonly do: 'end'; readonly which: number; readonly well: boolean }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'isolate' | 'reset'; readonly at: number };

const INSTANCES = 3;
const at = fc.nat(INSTANCES - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('call' as const), at }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      which: fc.nat(20),
      well: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 15 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), at }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('isolate' as const, 'reset' as const), at }),
  },
);
// One failure opens: how many an instance has seen in a row is its own affair, and not the model's here.
const rules: fc.Arbitrary<ModelRules> = fc.record({
  threshold: fc.constant(1),
  openMs: fc.integer({ min: 1, max: 12 }),
  probes: fc.integer({ min: 1, max: 3 }),
  successes: fc.integer({ min: 1, max: 3 }),
  probeTimeoutMs: fc.integer({ min: 1, max: 12 }),
});

type Instance = { readonly breaker: CircuitBreaker; readonly circuits: SharedCircuits };
type Running = {
  readonly id: number;
  readonly by: Instance;
  readonly end: (well: boolean) => void;
};

/** Three instances that have all read the store are one breaker; those that are killed take their calls with them. */
async function compare(
  modelRules: ModelRules,
  steps: readonly Step[],
  defect?: Defect,
): Promise<void> {
  const clock = createVirtualClock();
  const store = createMemoryCircuitStore(clock);
  const model = new ModelBreaker(modelRules, defect);
  const { threshold, ...options } = modelRules;
  const start = async (): Promise<Instance> => {
    const circuits = createSharedCircuits({ store, clock });
    const trip = consecutiveFailures(threshold);
    const breaker = createCircuitBreaker({ name: 'b', trip, ...options, shared: circuits, clock });
    await circuits.ready();
    return { breaker, circuits };
  };
  const instances = await Promise.all(Array.from({ length: INSTANCES }, start));
  const instance = (n: number): Instance => {
    const found = instances[n];
    if (found === undefined) throw new RangeError('no such instance');
    return found;
  };
  let running: Running[] = [];
  let ids = 0;

  const call = async (by: Instance): Promise<void> => {
    const id = (ids += 1);
    const work = Promise.withResolvers<undefined>();
    const seen = { begun: false };
    by.breaker
      .execute(() => {
        seen.begun = true;
        return work.promise;
      })
      .catch((error: unknown) => {
        if (seen.begun === error instanceof CircuitOpen) throw error;
      });
    await clock.advance(0);
    expect(seen.begun).toBe(model.call(id));
    const end = (well: boolean): void =>
      well ? work.resolve(undefined) : work.reject(new Error('failed'));
    if (seen.begun) running.push({ id, by, end });
  };
  const restart = async (n: number): Promise<void> => {
    const killed = instance(n);
    // A killed process answers nothing any more: what it had under way never ends.
    running = running.filter(({ by }) => by !== killed);
    await killed.circuits.close();
    instances[n] = await start();
  };

  for (const next of steps) {
    switch (next.do) {
      case 'call':
        await call(instance(next.at));
        break;
      case 'restart':
        await restart(next.at);
        break;
      case 'end': {
        const [ending] = running.splice(next.which % Math.max(1, running.length), 1);
        if (ending === undefined) break;
        ending.end(next.well);
        model.end(ending.id, next.well);
        break;
      }
      case 'wait':
        for (let n = 0; n < next.ms; n += 1) model.tick();
        await clock.advance(next.ms);
        break;
      case 'isolate':
        model.isolate();
        await instance(next.at).breaker.isolate('by hand');
        break;
      case 'reset':
        model.reset();
        await instance(next.at).breaker.reset();
        break;
    }
    await clock.advance(0);
    for (const { circuits } of instances) await circuits.refresh();
  }
  for (const { circuits } of instances) await circuits.close();
}

const property = (defect?: Defect) =>
  fc.asyncProperty(rules, fc.array(step, { maxLength: 40, size: 'max' }), (modelRules, steps) =>
    compare(modelRules, steps, defect),
  );

describe('three instances, any interleaving of calls, ends, time and kills', () => {
  it('let through together what one plain model lets through', async () => {
    await fc.assert(property(), { numRuns: 150 });
  });

  it.each(['no-generations', 'silent-probes-wait', 'one-probe-too-many'] as const)(
    'show a model with a defect: %s',
    async (defect) => {
      const { failed } = await fc.check(property(defect), {
        numRuns: 500,
        endOnFailure: true,
        seed: 6,
      });
      expect(failed).toBe(true);
    },
  );
});
