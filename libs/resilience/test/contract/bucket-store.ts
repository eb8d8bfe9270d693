import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';

import type { BucketKey, BucketStore } from '../../src/bucket-store.ts';

/** What every store of buckets does. Real time passes, so rates are chosen that a slow machine cannot blur. */
export function bucketStoreContract(store: () => BucketStore): void {
  let names = 0;
  const key = (contract: Partial<BucketKey> = {}): BucketKey => ({
    name: `bucket ${(names += 1)}`,
    ratePerSecond: 0.001,
    burst: 3,
    ...contract,
  });

  describe('a store of buckets', () => {
    it('has a full bucket for a new name, and empties it token by token', async () => {
      const bucket = key();
      expect(await store().tokens(bucket)).toBe(3);
      for (let n = 0; n < 3; n += 1)
        expect(await store().reserve(bucket, 1, 0)).toEqual({ granted: true, waitMs: 0 });
      const refused = await store().reserve(bucket, 1, 0);
      expect(refused.granted).toBe(false);
      expect(refused.waitMs).toBeGreaterThan(900_000);
      expect(refused.waitMs).toBeLessThanOrEqual(1_000_000);
      expect(await store().tokens(bucket)).toBeCloseTo(0, 1);
    });

    it('takes several at once, or none of them', async () => {
      const bucket = key();
      expect((await store().reserve(bucket, 2, 0)).granted).toBe(true);
      expect((await store().reserve(bucket, 2, 0)).granted).toBe(false);
      expect(await store().tokens(bucket)).toBeCloseTo(1, 1);
      expect((await store().reserve(bucket, 1, 0)).granted).toBe(true);
    });

    it('reserves for later, up to the longest wait, one after the other', async () => {
      const bucket = key();
      await store().reserve(bucket, 3, 0);
      for (const wait of [1_000_000, 2_000_000]) {
        const { granted, waitMs } = await store().reserve(bucket, 1, 2_000_000);
        expect(granted).toBe(true);
        expect(waitMs).toBeGreaterThan(wait - 100_000);
        expect(waitMs).toBeLessThanOrEqual(wait);
      }
      expect((await store().reserve(bucket, 1, 2_000_000)).granted).toBe(false);
      expect(await store().tokens(bucket)).toBeCloseTo(-2, 1);
    });

    it('refills as time passes, by fractions, and not above the burst', async () => {
      const bucket = key({ ratePerSecond: 20 });
      await store().reserve(bucket, 3, 0);
      await sleep(60);
      expect((await store().reserve(bucket, 1, 0)).granted).toBe(true);
      await sleep(300);
      expect(await store().tokens(bucket)).toBe(3);
    });

    it('takes tokens back, and has never more than the burst', async () => {
      const bucket = key();
      await store().reserve(bucket, 3, 0);
      await store().giveBack(bucket, 2);
      expect(await store().tokens(bucket)).toBeCloseTo(2, 1);
      await store().giveBack(bucket, 3);
      expect(await store().tokens(bucket)).toBe(3);
    });

    it('is closed for a penalty, also where it is new, and no token that comes back shortens it', async () => {
      for (const used of [0, 2]) {
        const bucket = key();
        if (used > 0) await store().reserve(bucket, used, 0);
        await store().penalise(bucket, 500_000);
        await store().penalise(bucket, 1000);
        if (used > 0) await store().giveBack(bucket, used);
        const { granted, waitMs } = await store().reserve(bucket, 1, 0);
        expect(granted).toBe(false);
        expect(waitMs).toBeGreaterThan(400_000);
        expect(waitMs).toBeLessThanOrEqual(500_000);
      }
    });

    it('opens after a penalty with one token', async () => {
      const bucket = key();
      await store().penalise(bucket, 40);
      await sleep(60);
      expect((await store().reserve(bucket, 1, 0)).granted).toBe(true);
      expect((await store().reserve(bucket, 1, 0)).granted).toBe(false);
    });

    it('gives to many at the same time no more than there is', async () => {
      const bucket = key({ burst: 5 });
      const all = await Promise.all(
        Array.from({ length: 20 }, () => store().reserve(bucket, 1, 0)),
      );
      expect(all.filter(({ granted }) => granted)).toHaveLength(5);
    });
  });
}
