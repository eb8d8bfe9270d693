import type { BucketKey, BucketStore } from '../bucket-store.ts';
import { type Clock, systemClock } from '../clock.ts';
import { Bucket } from '../domain/token-bucket.ts';

/** Buckets that are shared within one process: for tests, and as the plainest example of the port. */
export function createMemoryBucketStore(clock: Clock = systemClock): BucketStore {
  const buckets = new Map<string, Bucket>();
  const bucketOf = (key: BucketKey): Bucket => {
    const known = buckets.get(key.name);
    if (known !== undefined) return known;
    const bucket = new Bucket(key);
    buckets.set(key.name, bucket);
    return bucket;
  };
  return {
    reserve(key, tokens, mostWaitMs) {
      const now = clock.now();
      const bucket = bucketOf(key);
      const waitMs = bucket.waitMs(tokens, now);
      if (waitMs > mostWaitMs) return Promise.resolve({ granted: false, waitMs });
      bucket.spend(tokens, now);
      return Promise.resolve({ granted: true, waitMs });
    },
    giveBack(key, tokens) {
      bucketOf(key).giveBack(tokens);
      return Promise.resolve();
    },
    penalise(key, forMs) {
      bucketOf(key).penalise(forMs, clock.now());
      return Promise.resolve();
    },
    tokens: (key) => Promise.resolve(bucketOf(key).tokens(clock.now())),
  };
}
