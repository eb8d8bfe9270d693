import {
  callOf,
  type CallOptions,
  type LiveCall,
  type Policy,
  rejected,
  type Work,
} from './call.ts';
import { type Clock, systemClock } from './clock.ts';
import { OptionFaults } from './domain/option-faults.ts';
import { Bucket, checkContract, checkTokens, type Contract } from './domain/token-bucket.ts';
import { type Listener, tell } from './events.ts';
import { pause } from './pause.ts';
import { Rejection, TokensShort } from './rejections.ts';
import { retryAfterOf } from './retry.ts';

/** Times in milliseconds. */
export type TokenBucketOptions = Contract & {
  readonly name: string;
  /** A wait that would be longer is refused at once and spends nothing. Default 0: no waiting. */
  readonly mostWaitMs?: number;
  /** How long the called party's error says to stay away. Default: its `retryAfterMs`, not that of a policy. */
  readonly penalty?: (error: unknown) => number | undefined;
  readonly on?: Listener;
  readonly clock?: Clock;
};

export type TakeOptions = {
  /** Default 1. At most the burst. */
  readonly tokens?: number;
  /** Instead of the bucket's own. */
  readonly mostWaitMs?: number;
  readonly signal?: AbortSignal | undefined;
};

/** As a policy it takes one token for each call, and waits for it as long as is allowed. */
export interface TokenBucket extends Policy {
  readonly name: string;
  /** Waits for tokens. Rejects with `TokensShort`, or with the reason of the signal, and then has spent nothing. */
  readonly take: (options?: TakeOptions) => Promise<void>;
  /** For tokens that were taken and not used. */
  readonly giveBack: (tokens?: number) => Promise<void>;
  /** The called party says to stay away for so long. */
  readonly penalise: (forMs: number) => Promise<void>;
  /** What is in it now; less than 0 where tokens are promised. */
  readonly tokens: () => Promise<number>;
}

export interface LocalTokenBucket extends TokenBucket {
  /** Takes tokens if they are there now. Default 1. */
  readonly tryTake: (tokens?: number) => boolean;
}

/** The `retryAfterMs` of an error that is not one of a policy here. */
export const penaltyByRetryAfter = (error: unknown): number | undefined =>
  error instanceof Rejection ? undefined : retryAfterOf(error);

/**
 * Keeps calls within a rate. For this process alone; `createSharedTokenBucket` is for all instances together.
 *
 * @throws RangeError that names every option out of its range
 */
export function createTokenBucket(options: TokenBucketOptions): LocalTokenBucket {
  return new OwnBucket(options);
}

class OwnBucket implements LocalTokenBucket {
  readonly name: string;
  readonly #options: TokenBucketOptions;
  readonly #burst: number;
  readonly #bucket: Bucket;
  readonly #clock: Clock;

  constructor(options: TokenBucketOptions) {
    const faults = new OptionFaults();
    checkContract(faults, options);
    faults.number('mostWaitMs', options.mostWaitMs ?? 0, 0).settle(`token bucket ${options.name}`);
    this.name = options.name;
    this.#options = options;
    this.#burst = options.burst;
    this.#bucket = new Bucket(options);
    this.#clock = options.clock ?? systemClock;
  }

  tryTake(tokens = 1): boolean {
    if (!(tokens > 0 && tokens <= this.#burst)) checkTokens(this.name, tokens, this.#burst);
    const now = this.#clock.now();
    if (this.#bucket.waitMs(tokens, now) > 0) return false;
    this.#bucket.spend(tokens, now);
    return true;
  }

  take({ tokens = 1, mostWaitMs, signal }: TakeOptions = {}): Promise<void> {
    return this.#take(tokens, mostWaitMs, callOf({ signal }));
  }

  giveBack(tokens = 1): Promise<void> {
    checkTokens(this.name, tokens, this.#burst);
    this.#bucket.giveBack(tokens);
    return Promise.resolve();
  }

  penalise(forMs: number): Promise<void> {
    this.#bucket.penalise(forMs, this.#clock.now());
    tell(this.#options.on, { type: 'tokens-penalised', policy: this.name, forMs });
    return Promise.resolve();
  }

  tokens(): Promise<number> {
    return Promise.resolve(this.#bucket.tokens(this.#clock.now()));
  }

  execute<T>(work: Work<T>, options?: CallOptions): Promise<T> {
    return withToken(this, this.#options, work, options, (call) => this.#take(1, undefined, call));
  }

  async #take(tokens: number, mostWaitMs: number | undefined, call: LiveCall): Promise<void> {
    checkTokens(this.name, tokens, this.#burst);
    if (call.aborted) throw call.reason;
    const { on } = this.#options;
    const now = this.#clock.now();
    const waitMs = this.#bucket.waitMs(tokens, now);
    if (waitMs > (mostWaitMs ?? this.#options.mostWaitMs ?? 0))
      throw tokensShort(this.name, on, { tokens, because: 'wait-too-long', retryAfterMs: waitMs });
    this.#bucket.spend(tokens, now);
    if (waitMs === 0) return;
    if (!(await pause(this.#clock, waitMs, call))) {
      this.#bucket.giveBack(tokens);
      throw call.reason;
    }
    tell(on, { type: 'tokens-waited', policy: this.name, tokens, waitedMs: waitMs });
  }
}

/** Makes the error of a shortage, and reports it. */
export function tokensShort(
  name: string,
  on: Listener | undefined,
  how: {
    readonly tokens: number;
    readonly because: TokensShort['because'];
    readonly retryAfterMs?: number;
  },
): TokensShort {
  tell(on, { type: 'tokens-short', policy: name, ...how });
  return new TokensShort(name, how.because, how.retryAfterMs);
}

/** A call that costs a token, and that may tell by its error that the called party wants a pause. */
export async function withToken<T>(
  bucket: TokenBucket,
  { penalty = penaltyByRetryAfter }: Pick<TokenBucketOptions, 'penalty'>,
  work: Work<T>,
  options: CallOptions | undefined,
  take: (call: LiveCall) => Promise<void>,
): Promise<T> {
  const call = callOf(options);
  await take(call);
  try {
    return await work(call);
  } catch (error) {
    const forMs = penalty(error);
    // The caller has its error to see; the penalty is nothing to wait for.
    if (forMs !== undefined && forMs > 0) bucket.penalise(forMs).catch(() => undefined);
    return rejected(error);
  }
}
