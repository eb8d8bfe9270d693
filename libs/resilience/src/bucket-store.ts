import type { Contract } from './domain/token-bucket.ts';

/** A bucket in the store, and what it holds at most. */
export type BucketKey = Contract & { readonly name: string };

export type StoreReservation =
  | { readonly granted: true; readonly waitMs: number }
  /** Nothing was spent; `waitMs` is the wait that was too long. */
  | { readonly granted: false; readonly waitMs: number };

/**
 * Where instances keep a bucket together. Time is the store's. Each of these is atomic; one that rejects may have had
 * its effect or not. They end within about a second, also when nobody answers.
 */
export interface BucketStore {
  /** Takes tokens for now or for later, if that is not later than allowed. */
  reserve(key: BucketKey, tokens: number, mostWaitMs: number): Promise<StoreReservation>;
  giveBack(key: BucketKey, tokens: number): Promise<void>;
  /** Nothing for so long, then one token. */
  penalise(key: BucketKey, forMs: number): Promise<void>;
  /** What is in it; less than 0 where tokens are promised. */
  tokens(key: BucketKey): Promise<number>;
}
