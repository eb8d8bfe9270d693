import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { type BenchmarkContext, defineBenchmark } from '@newscience/measure/benchmark';
import * as cockatiel from 'cockatiel';
import CircuitBreaker from 'opossum';
import { z } from 'zod';

import { createCircuitBreaker } from '../src/circuit-breaker.ts';
import { consecutiveFailures } from '../src/domain/trip/consecutive-failures.ts';
import { countWindow } from '../src/domain/trip/count-window.ts';
import { timeWindow } from '../src/domain/trip/time-window.ts';
import { pipeline } from '../src/pipeline.ts';
import { createRetry } from '../src/retry.ts';
import { createTimeout } from '../src/timeout.ts';
import { createTokenBucket } from '../src/token-bucket.ts';
import { measureSharedBucket } from './shared-bucket.ts';

type Call = () => Promise<unknown>;
const SLICES = 20;
const work = (): Promise<number> => Promise.resolve(1);

function ours(): Record<string, Call> {
  const consecutive = createCircuitBreaker({ name: 'c', trip: consecutiveFailures(5) });
  const count = createCircuitBreaker({ name: 'w', trip: countWindow({ calls: 100, ratio: 0.5 }) });
  const trip = timeWindow({ ms: 10_000, ratio: 0.5, minimumCalls: 20 });
  const time = createCircuitBreaker({ name: 't', trip });
  const all = pipeline(
    createRetry({ name: 'r', repeat: 'safe' }),
    createCircuitBreaker({ name: 'b', trip: consecutiveFailures(5) }),
    createTimeout({ name: 'o', ms: 1000 }),
  );
  return {
    'ours, consecutive': () => consecutive.execute(work),
    'ours, count window': () => count.execute(work),
    'ours, time window': () => time.execute(work),
    'ours, retry + breaker + time-out': () => all.execute(work),
  };
}

function peers(): Record<string, Call> {
  const { circuitBreaker, ConsecutiveBreaker, CountBreaker, handleAll, retry, timeout, wrap } =
    cockatiel;
  const halfOpenAfter = 30_000;
  const consecutive = circuitBreaker(handleAll, {
    halfOpenAfter,
    breaker: new ConsecutiveBreaker(5),
  });
  const counting = new CountBreaker({ threshold: 0.5, size: 100 });
  const count = circuitBreaker(handleAll, { halfOpenAfter, breaker: counting });
  const all = wrap(
    retry(handleAll, { maxAttempts: 3 }),
    circuitBreaker(handleAll, { halfOpenAfter, breaker: new ConsecutiveBreaker(5) }),
    timeout(1000, cockatiel.TimeoutStrategy.Cooperative),
  );
  // It has a time window alone, and no retry.
  const opossum = new CircuitBreaker(work, { timeout: false });
  const timed = new CircuitBreaker(work, { timeout: 1000 });
  return {
    'cockatiel, consecutive': () => consecutive.execute(work),
    'cockatiel, count window': () => count.execute(work),
    'cockatiel, retry + breaker + time-out': () => all.execute(work),
    'opossum, time window': () => opossum.fire(),
    'opossum, breaker + time-out': () => timed.fire(),
  };
}

async function nanosecondsACall(call: Call, calls: number): Promise<number> {
  const began = process.hrtime.bigint();
  for (let n = 0; n < calls; n += 1) await call();
  return Number(process.hrtime.bigint() - began) / calls;
}

function nanosecondsAToken(tokens: number): number {
  // Never empty: a refused take is another way through the code.
  const bucket = createTokenBucket({ name: 'b', ratePerSecond: 1e6, burst: 1e9 });
  const began = process.hrtime.bigint();
  for (let n = 0; n < tokens; n += 1) bucket.tryTake();
  return Number(process.hrtime.bigint() - began) / tokens;
}

/** What a look at the monotonic clock costs: a token cannot be cheaper, and it differs between machines. */
function nanosecondsALook(looks: number): number {
  const began = process.hrtime.bigint();
  let last = 0;
  for (let n = 0; n < looks; n += 1) last = performance.now();
  return last < 0 ? 0 : Number(process.hrtime.bigint() - began) / looks;
}

/** All cases in turn, a slice each, and of each its quietest slice: what other programs do meanwhile can only add. */
async function quietest(cases: Record<string, Call>, calls: number): Promise<Map<string, number>> {
  const best = new Map<string, number>();
  for (let slice = 0; slice < SLICES; slice += 1)
    for (const [name, call] of Object.entries(cases)) {
      const nanoseconds = await nanosecondsACall(call, calls / SLICES);
      best.set(name, Math.min(nanoseconds, best.get(name) ?? Infinity));
    }
  return best;
}

const least = (measure: () => number): number =>
  Math.min(...Array.from({ length: SLICES }, measure));

function heapMegabytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = z
    .function({ input: [], output: z.void() })
    .implement(runInNewContext('gc') as () => void);
  collect();
  collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

async function measureHeap(context: BenchmarkContext, call: Call): Promise<void> {
  const calls = context.parameter('heapCalls');
  const bucket = createTokenBucket({ name: 'h', ratePerSecond: 1e6, burst: 1000 });
  await nanosecondsACall(call, 100_000);
  const before = heapMegabytes();
  for (let done = 0; done < calls && !context.signal.aborted; done += 1_000_000) {
    context.progress(`heap: ${done} of ${calls} calls`);
    const some = Math.min(1_000_000, calls - done);
    await nanosecondsACall(call, some);
    for (let n = 0; n < some; n += 1) bucket.tryTake();
  }
  context.record('heap, growth', heapMegabytes() - before, 'MB');
}

export const benchmark = defineBenchmark({
  name: 'resilience',
  summary:
    'What policies cost around a call that succeeds, beside cockatiel and opossum; shared buckets.',
  rounds: 5,
  parameters: {
    calls: { default: 300_000, summary: 'calls of each case in each round' },
    heapCalls: { default: 10_000_000, summary: 'calls during which the heap should stay flat' },
    seconds: {
      default: 2,
      summary: 'how long a shared bucket is measured in each round; 0 leaves it out',
    },
  },
  wanted: [
    ...['ours, consecutive', 'ours, count window'].map((name) => ({
      name: `${name}: at most 100 ns added`,
      anyOf: [{ figure: `${name}: added`, atMost: 100 }] as const,
    })),
    {
      name: 'ours, retry + breaker + time-out: at most 200 ns added',
      anyOf: [{ figure: 'ours, retry + breaker + time-out: added', atMost: 200 }],
    },
    {
      name: 'a token in memory: at most 60 ns',
      anyOf: [{ figure: 'ours, token', atMost: 60 }],
    },
    { name: 'the heap stays flat', anyOf: [{ figure: 'heap, growth', atMost: 1 }] },
  ],
  run: async (context) => {
    const require = createRequire(import.meta.url);
    const versioned = z.object({ version: z.string() });
    for (const peer of ['cockatiel', 'opossum'])
      context.version(peer, versioned.parse(require(`${peer}/package.json`)).version);
    const own = ours();
    const cases: Record<string, Call> = { 'bare call': work, ...own, ...peers() };
    const calls = context.parameter('calls');
    for (const call of Object.values(cases)) await nanosecondsACall(call, 50_000);
    nanosecondsAToken(calls);
    for (let round = 1; round <= context.rounds; round += 1) {
      context.progress(`round ${round} of ${context.rounds}`);
      const best = await quietest(cases, calls);
      const bare = best.get('bare call') ?? 0;
      for (const [name, nanoseconds] of best)
        if (name === 'bare call') context.record(name, nanoseconds, 'ns');
        else context.record(`${name}: added`, nanoseconds - bare, 'ns');
      context.record(
        'ours, token',
        least(() => nanosecondsAToken(calls / SLICES)),
        'ns',
      );
      context.record(
        'a look at the clock',
        least(() => nanosecondsALook(calls / SLICES)),
        'ns',
      );
    }
    await measureHeap(context, own['ours, retry + breaker + time-out'] ?? work);
    if (context.parameter('seconds') > 0) await measureSharedBucket(context);
  },
});
