/** An instance in a process of its own, to be killed. It calls the called party for as long as it lives. */
import { setTimeout as sleep } from 'node:timers/promises';

import { createLogger } from '@newscience/service-kit/logging';
import { createPool } from '@newscience/service-kit/postgres';

import type { Policy } from '../src/call.ts';
import { createCircuitBreaker } from '../src/circuit-breaker.ts';
import { consecutiveFailures } from '../src/domain/trip/consecutive-failures.ts';
import { createPostgresBucketStore } from '../src/postgres/bucket-store.ts';
import { createPostgresCircuitStore } from '../src/postgres/circuit-store.ts';
import { createPostgresDeliveryStore } from '../src/postgres/delivery-store.ts';
import { createSharedCircuits } from '../src/shared-circuits.ts';
import { createSharedTokenBucket } from '../src/shared-token-bucket.ts';
import { startThrottledDelivery } from '../src/throttled-delivery.ts';

const { DATABASE_URL: url = '', PARTY_URL: party = '', POLICY: policyName } = process.env;
const name = String(process.pid);
const logger = createLogger({ service: name, level: 'silent' });
const pool = createPool({ url, applicationName: name, logger, max: 4 });

async function breaker(): Promise<Policy> {
  const circuits = createSharedCircuits({
    store: createPostgresCircuitStore(pool),
    instance: name,
  });
  const shared = createCircuitBreaker({
    ...{ name: 'party', trip: consecutiveFailures(3), shared: circuits },
    ...{ openMs: 1500, probeTimeoutMs: 1000 },
  });
  await circuits.ready();
  return shared;
}

const bucket = (): Policy =>
  createSharedTokenBucket({
    ...{ name: 'party', ratePerSecond: 40, burst: 20, marginMs: 250, mostWaitMs: 500 },
    store: createPostgresBucketStore(pool),
  });

const call = async (): Promise<void> => {
  const signal = AbortSignal.timeout(4000);
  const response = await fetch(party, { headers: { 'x-from': name }, signal });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`answered ${response.status}`);
};

async function keepCalling(policy: Policy): Promise<void> {
  for (;;) {
    await policy.execute(call).catch(() => undefined);
    await sleep(10);
  }
}

process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));
process.send?.({ type: 'ready' });

if (policyName === 'delivery')
  startThrottledDelivery({
    ...{ name: 'party', maxPerSecond: 20, leaseMs: 2000, pollMs: 200, concurrency: 2 },
    store: createPostgresDeliveryStore(pool),
    rate: createPostgresBucketStore(pool),
    deliver: async ({ payload }) => {
      await fetch(party, { headers: { 'x-from': String(payload) } });
    },
  });
else {
  const policy = policyName === 'bucket' ? bucket() : await breaker();
  // Several at a time, so that a call without an answer does not keep this instance from calling.
  await Promise.all([1, 2, 3].map(() => keepCalling(policy)));
}
