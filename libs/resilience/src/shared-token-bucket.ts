import type { BucketKey, BucketStore } from './bucket-store.ts';
import { callOf, type CallOptions, type LiveCall, type Work } from './call.ts';
import { type Clock, systemClock } from './clock.ts';
import { OptionFaults } from './domain/option-faults.ts';
import { Bucket, checkContract, checkTokens } from './domain/token-bucket.ts';
import { tell } from './events.ts';
import { pause } from './pause.ts';
import { Rejection } from './rejections.ts';
import { createStoreWatch, type StoreWatch } from './store-watch.ts';
import {
  type TakeOptions,
  type TokenBucket,
  type TokenBucketOptions,
  tokensShort,
  withToken,
} from './token-bucket.ts';

/** Times in milliseconds. */
export type SharedTokenBucketOptions = TokenBucketOptions & {
  readonly store: BucketStore;
  /**
   * How long after its time a token may be used at the latest; one that is later goes back. It covers the way to the
   * store and back, and a busy event loop; so much of the rate is kept back from the burst, so that the contract holds at
   * the called party and not only in the store. Default 50.
   */
  readonly marginMs?: number;
  /**
   * While the store is away: nothing may pass, or everything, or this instance's share of the contract, in (0, 1].
   * Default `fail-closed`.
   */
  readonly whenAway?: 'fail-closed' | 'fail-open' | { readonly localShare: number };
};

/** How often a token that came too late is tried for again. */
const MOST_TRIES = 5;

/**
 * Keeps the calls of all instances together within a contract.
 *
 * @throws RangeError that names every option out of its range; also where the margin leaves less than a token of burst
 */
export function createSharedTokenBucket(options: SharedTokenBucketOptions): TokenBucket {
  return new SharedBucket(options);
}

class SharedBucket implements TokenBucket {
  readonly name: string;
  readonly #options: SharedTokenBucketOptions;
  readonly #key: BucketKey;
  readonly #marginMs: number;
  readonly #clock: Clock;
  readonly #local: Bucket;
  readonly #watch: StoreWatch;

  constructor(options: SharedTokenBucketOptions) {
    const { name, ratePerSecond, burst, marginMs = 50, whenAway = 'fail-closed' } = options;
    const kept = burst - (ratePerSecond * marginMs) / 1000;
    const faults = new OptionFaults();
    checkContract(faults, options);
    faults.number('mostWaitMs', options.mostWaitMs ?? 0, 0).number('marginMs', marginMs, 0);
    const share = typeof whenAway === 'string' ? 1 : whenAway.localShare;
    faults.share('whenAway.localShare', share);
    if (kept < 1)
      faults.wrong(
        `marginMs should leave a token of the burst: at most ${((burst - 1) / ratePerSecond) * 1000} for ${burst} at ${ratePerSecond} a second, got ${marginMs}`,
      );
    faults.settle(`token bucket ${name}`);
    this.name = name;
    this.#options = options;
    this.#key = { name, ratePerSecond, burst: kept };
    this.#marginMs = marginMs;
    this.#clock = options.clock ?? systemClock;
    this.#local = new Bucket({
      ratePerSecond: ratePerSecond * share,
      burst: Math.max(1, kept * share),
    });
    const applies = typeof whenAway === 'string' ? whenAway : 'local';
    this.#watch = createStoreWatch({ policy: name, applies, clock: this.#clock, on: options.on });
  }

  take({ tokens = 1, mostWaitMs, signal }: TakeOptions = {}): Promise<void> {
    return this.#take(tokens, mostWaitMs, callOf({ signal }));
  }

  execute<T>(work: Work<T>, options?: CallOptions): Promise<T> {
    return withToken(this, this.#options, work, options, (call) => this.#take(1, undefined, call));
  }

  giveBack(tokens = 1): Promise<void> {
    checkTokens(this.name, tokens, this.#key.burst);
    return this.#options.store.giveBack(this.#key, tokens);
  }

  async penalise(forMs: number): Promise<void> {
    tell(this.#options.on, { type: 'tokens-penalised', policy: this.name, forMs });
    this.#local.penalise(forMs, this.#clock.now());
    await this.#options.store.penalise(this.#key, forMs);
  }

  tokens(): Promise<number> {
    return this.#options.store.tokens(this.#key);
  }

  async #take(tokens: number, most: number | undefined, call: LiveCall): Promise<void> {
    checkTokens(this.name, tokens, this.#key.burst);
    const began = this.#clock.now();
    const mostWaitMs = most ?? this.#options.mostWaitMs ?? 0;
    for (let tries = 1; ; tries += 1) {
      if (call.aborted) throw call.reason;
      const left = Math.max(0, mostWaitMs - (this.#clock.now() - began));
      if (await this.#takeOnce(tokens, left, call, tries === MOST_TRIES)) return;
    }
  }

  /** False where the tokens came too late to be used. */
  async #takeOnce(
    tokens: number,
    mostWaitMs: number,
    call: LiveCall,
    last: boolean,
  ): Promise<boolean> {
    const asked = this.#clock.now();
    const waitMs = await this.#reserve(tokens, mostWaitMs);
    if (waitMs > 0) {
      if (!(await pause(this.#clock, waitMs, call))) {
        this.#giveBackLater(tokens);
        throw call.reason;
      }
      tell(this.#options.on, {
        type: 'tokens-waited',
        policy: this.name,
        tokens,
        waitedMs: waitMs,
      });
    }
    // The store took them somewhen after it was asked, so they are at most as old as this.
    const late = this.#clock.now() - asked - waitMs;
    if (late <= this.#marginMs || this.#watch.away()) return true;
    // Used now, it would come on top of those that belong to this moment.
    this.#giveBackLater(tokens);
    if (last) throw tokensShort(this.name, this.#options.on, { tokens, because: 'wait-too-long' });
    return false;
  }

  async #reserve(tokens: number, mostWaitMs: number): Promise<number> {
    const { store, on } = this.#options;
    if (this.#watch.mayAsk()) {
      try {
        const reservation = await store.reserve(this.#key, tokens, mostWaitMs);
        this.#watch.answered();
        if (reservation.granted) return reservation.waitMs;
        const { waitMs: retryAfterMs } = reservation;
        throw tokensShort(this.name, on, { tokens, because: 'wait-too-long', retryAfterMs });
      } catch (error) {
        if (error instanceof Rejection) throw error;
        this.#watch.failed(error);
      }
    }
    return this.#reserveWithoutStore(tokens, mostWaitMs);
  }

  #reserveWithoutStore(tokens: number, mostWaitMs: number): number {
    const { whenAway = 'fail-closed', on } = this.#options;
    if (whenAway === 'fail-open') return 0;
    if (whenAway === 'fail-closed')
      throw tokensShort(this.name, on, { tokens, because: 'store-away' });
    const now = this.#clock.now();
    const waitMs = this.#local.waitMs(tokens, now);
    if (waitMs > mostWaitMs)
      throw tokensShort(this.name, on, { tokens, because: 'wait-too-long', retryAfterMs: waitMs });
    this.#local.spend(tokens, now);
    return waitMs;
  }

  /** Nobody waits for it; where it fails, tokens are lost and the rate is kept all the same. */
  #giveBackLater(tokens: number): void {
    this.#options.store.giveBack(this.#key, tokens).catch(() => undefined);
  }
}
