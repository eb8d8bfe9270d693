/** Uses every policy, with long times, and has nothing more to do: it must end by itself. */
import { createBulkhead } from '../src/bulkhead.ts';
import { createCircuitBreaker } from '../src/circuit-breaker.ts';
import { consecutiveFailures } from '../src/domain/trip/consecutive-failures.ts';
import { createHedge } from '../src/hedge.ts';
import { createMemoryBucketStore } from '../src/memory/bucket-store.ts';
import { createMemoryCircuitStore } from '../src/memory/circuit-store.ts';
import { createMemoryDeliveryStore } from '../src/memory/delivery-store.ts';
import { pipeline } from '../src/pipeline.ts';
import { createRetry } from '../src/retry.ts';
import { createSharedCircuits } from '../src/shared-circuits.ts';
import { startThrottledDelivery } from '../src/throttled-delivery.ts';
import { createTimeout } from '../src/timeout.ts';
import { createTokenBucket } from '../src/token-bucket.ts';

const HOUR_MS = 3_600_000;
const circuits = createSharedCircuits({ store: createMemoryCircuitStore() });
const trip = consecutiveFailures(1);
const breaker = createCircuitBreaker({ name: 'b', trip, openMs: HOUR_MS, shared: circuits });
const line = pipeline(
  createRetry({ name: 'r', repeat: 'safe' }),
  createHedge({ name: 'h', afterMs: HOUR_MS, repeat: 'safe' }),
  createTokenBucket({ name: 't', ratePerSecond: 1, burst: 5 }),
  createBulkhead({ name: 'k', concurrency: 1, queue: 5, queueMs: HOUR_MS }),
  createTimeout({ name: 'o', ms: HOUR_MS, mode: 'hard' }),
);
startThrottledDelivery({
  ...{ name: 'd', maxPerSecond: 1, pollMs: HOUR_MS, deliver: () => Promise.resolve() },
  ...{ store: createMemoryDeliveryStore(), rate: createMemoryBucketStore() },
});
// Never ends: neither its time-out nor the queue behind it may hold the process.
void line.execute(() => new Promise(() => undefined));
void line.execute(() => 1);
await breaker.execute(() => Promise.reject(new Error('failed'))).catch(() => undefined);
process.stdout.write('done\n');
