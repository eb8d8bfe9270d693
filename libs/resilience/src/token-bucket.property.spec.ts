import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { type BucketDefect, ModelBucket } from '../test/model-bucket.ts';
import { Bucket } from './domain/token-bucket.ts';

type Step =
  | { readonly do: 'take'; readonly tokens: number; readonly mostWaitMs: number }
  | { readonly do: 'give back'; readonly which: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'penalise'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('take' as const),
      tokens: fc.integer({ min: 1, max: 3 }),
      mostWaitMs: fc.constantFrom(0, 0, 50, 1000),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.integer({ min: 1, max: 400 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('penalise' as const),
      ms: fc.integer({ min: 1, max: 900 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('give back' as const), which: fc.nat(20) }) },
);
// Rates that a millisecond divides evenly, so that the model's ticks lose nothing by themselves.
const contract = fc.record({
  ratePerSecond: fc.constantFrom(1, 2, 4, 5, 8, 10, 20, 50, 125),
  burst: fc.integer({ min: 3, max: 10 }),
});

const property = (defect?: BucketDefect) =>
  fc.property(contract, fc.array(step, { maxLength: 40, size: 'max' }), (limits, steps) => {
    const bucket = new Bucket(limits);
    const model = new ModelBucket(limits.ratePerSecond, limits.burst, defect);
    const taken: number[] = [];
    let now = 5000;
    for (const next of steps) {
      if (next.do === 'wait') {
        for (let n = 0; n < next.ms; n += 1) model.tick();
        now += next.ms;
      } else if (next.do === 'penalise') {
        bucket.penalise(next.ms, now);
        model.penalise(next.ms);
      } else if (next.do === 'give back') {
        const [tokens] = taken.splice(next.which % Math.max(1, taken.length), 1);
        if (tokens === undefined) continue;
        bucket.giveBack(tokens);
        model.giveBack(tokens);
      } else {
        const waitMs = bucket.waitMs(next.tokens, now);
        expect(Math.abs(waitMs - model.wait(next.tokens))).toBeLessThan(0.001);
        // Too close to the limit to be told apart by floating point: that is not what is tested here.
        const clear = Math.abs(waitMs - next.mostWaitMs) > 0.001 || waitMs === 0;
        if (!clear) continue;
        const granted = waitMs <= next.mostWaitMs;
        if (granted) bucket.spend(next.tokens, now);
        expect(granted).toBe(model.take(next.tokens, next.mostWaitMs));
        if (granted) taken.push(next.tokens);
      }
    }
  });

describe('any sequence of takes, returns, penalties and time', () => {
  it('leaves in the bucket what a plain model has', () => {
    fc.assert(property(), { numRuns: 300 });
  });

  it.each([
    'no-cap',
    'refusal-spends',
    'whole-tokens-only',
    'penalty-forgotten',
    'burst-after-penalty',
  ] as const)('shows a model with a defect: %s', (defect) => {
    const { failed } = fc.check(property(defect), { numRuns: 1000, endOnFailure: true, seed: 6 });
    expect(failed).toBe(true);
  });

  it('never grants more than the contract in any window', () => {
    const takes = fc.array(
      fc.tuple(fc.nat(300), fc.integer({ min: 1, max: 3 }), fc.constantFrom(0, 500)),
      {
        maxLength: 60,
        size: 'max',
      },
    );
    const withinContract = fc.property(contract, takes, ({ ratePerSecond, burst }, sequence) => {
      const bucket = new Bucket({ ratePerSecond, burst });
      const granted: { at: number; tokens: number }[] = [];
      let now = 0;
      for (const [pause, tokens, most] of sequence) {
        now += pause;
        const waitMs = bucket.waitMs(tokens, now);
        if (waitMs > most) continue;
        bucket.spend(tokens, now);
        granted.push({ at: now + waitMs, tokens });
      }
      for (const from of granted)
        for (const to of granted) {
          if (to.at < from.at) continue;
          const used = granted
            .filter(({ at }) => at >= from.at && at <= to.at)
            .reduce((sum, { tokens }) => sum + tokens, 0);
          expect(used).toBeLessThanOrEqual(
            burst + ((to.at - from.at) * ratePerSecond) / 1000 + 1e-6,
          );
        }
    });
    fc.assert(withinContract, { numRuns: 100 });
  });
});
