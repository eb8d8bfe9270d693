import {
  AttemptCall,
  begin,
  callOf,
  type CallOptions,
  type LiveCall,
  type Policy,
  type Work,
} from './call.ts';
import { type Clock, systemClock } from './clock.ts';
import { type Backoff, checkBackoff, defaultBackoff, pauseMs } from './domain/backoff.ts';
import { OptionFaults } from './domain/option-faults.ts';
import { type Listener, type RetryEnded, tell } from './events.ts';
import { pause } from './pause.ts';
import { Rejection, TimeoutExceeded } from './rejections.ts';
import { RetryBudget } from './retry-budget.ts';

/** Times in milliseconds. */
export type RetryOptions = {
  readonly name: string;
  /** Attempts in all, the first included, 1 to 100. Default 3. */
  readonly attempts?: number;
  /** Pauses with full jitter. Default 100 doubling up to 10000. */
  readonly backoff?: Backoff;
  /** Which errors are tried again. Default `isRetryable`. */
  readonly retryIf?: (error: unknown) => boolean;
  /** A `Retry-After` up to so long is waited for; after a longer one the call fails at once. Default 30000. */
  readonly mostRetryAfterMs?: number;
  /** Bounds retries to a share of the traffic. `none` only where somebody else does. Default: a budget of its own. */
  readonly budget?: RetryBudget | 'none';
  /** What holds for every call that does not say it itself. Default: calls are made once. */
  readonly repeat?: CallOptions['repeat'];
  readonly on?: Listener;
  readonly clock?: Clock;
  /** From 0 up to but not including 1. Default `Math.random`. */
  readonly chance?: () => number;
};

/** Whether an error says of itself that trying again makes sense. */
export const saysRetryable = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'retryable' in error && error.retryable === true;

/**
 * An error that says so; of the policies' own only a time-out. Whoever calls does not want to wait for a circuit, and
 * who waits for a token says so where the token is taken.
 */
export const isRetryable = (error: unknown): boolean =>
  saysRetryable(error) && (!(error instanceof Rejection) || error instanceof TimeoutExceeded);

/** When an error says to come back, in milliseconds; `undefined` where it does not. */
export function retryAfterOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const ms = 'retryAfterMs' in error ? error.retryAfterMs : undefined;
  if (typeof ms === 'number') return ms;
  const seconds = 'retryAfterSeconds' in error ? error.retryAfterSeconds : undefined;
  return typeof seconds === 'number' ? seconds * 1000 : undefined;
}

/**
 * Makes a call again that failed. Only one that may be repeated: its caller says why it may (`repeat`).
 *
 * @throws RangeError that names every option out of its range
 */
export function createRetry(options: RetryOptions): Policy {
  return new Retry(options);
}

class Retry implements Policy {
  readonly #options: RetryOptions;
  readonly #attempts: number;
  readonly #backoff: Required<Backoff>;
  readonly #mostRetryAfterMs: number;
  readonly #budget: RetryBudget | undefined;
  readonly #clock: Clock;

  constructor(options: RetryOptions) {
    const { attempts = 3, mostRetryAfterMs = 30_000, clock = systemClock } = options;
    const backoff = { ...defaultBackoff, ...options.backoff };
    const faults = new OptionFaults()
      .integer('attempts', attempts, 1, 100)
      .number('mostRetryAfterMs', mostRetryAfterMs, 0);
    checkBackoff(faults, backoff);
    faults.settle(`retry ${options.name}`);
    this.#options = options;
    this.#attempts = attempts;
    this.#backoff = backoff;
    this.#mostRetryAfterMs = mostRetryAfterMs;
    this.#clock = clock;
    if (options.budget !== 'none') this.#budget = options.budget ?? new RetryBudget({}, clock);
  }

  execute<T>(work: Work<T>, options?: CallOptions): Promise<T> {
    const call = callOf(options);
    this.#budget?.begin();
    return begin(work, call).then(
      (value) => {
        this.#budget?.end();
        return value;
      },
      (error: unknown) =>
        this.#again(work, call, error).finally(() => {
          this.#budget?.end();
        }),
    );
  }

  async #again<T>(work: Work<T>, call: LiveCall, firstError: unknown): Promise<T> {
    let error = firstError;
    for (let made = 1; ; made += 1) {
      const decision = this.#decide(call, error, made);
      if (typeof decision === 'string') return this.#end(decision, made, error);
      const { name, on } = this.#options;
      tell(on, {
        type: 'retry-scheduled',
        policy: name,
        attempt: made + 1,
        waitMs: decision,
        error,
      });
      if (!(await pause(this.#clock, decision, call))) return this.#end('cancelled', made, error);
      try {
        return await work(new AttemptCall(call, made + 1));
      } catch (next) {
        error = next;
      }
    }
  }

  /** How long to wait, or why there is no further attempt. The budget is asked last, so that nothing is spent in vain. */
  #decide(call: LiveCall, error: unknown, made: number): number | RetryEnded['because'] {
    const { retryIf = isRetryable, repeat, chance = Math.random } = this.#options;
    if (call.aborted) return 'cancelled';
    if (!retryIf(error)) return 'not-retryable';
    if ((call.repeat ?? repeat) === undefined) return 'not-repeatable';
    if (made >= this.#attempts) return 'attempts-used-up';
    const retryAfterMs = retryAfterOf(error);
    if (retryAfterMs !== undefined && retryAfterMs > this.#mostRetryAfterMs)
      return 'retry-after-too-long';
    if (this.#budget !== undefined && !this.#budget.spend()) return 'budget-spent';
    // On top of the time that was asked for, or all who were told the same would come back in the same moment.
    return (retryAfterMs ?? 0) + pauseMs(this.#backoff, made, chance());
  }

  #end(because: RetryEnded['because'], attempts: number, error: unknown): never {
    const { name, on } = this.#options;
    tell(on, { type: 'retry-ended', policy: name, attempts, because, error });
    throw error;
  }
}
