import { OptionFaults } from '../option-faults.ts';
import type { Trip, TripReason, TripStrategy } from './strategy.ts';

export type SlowCallsOptions = {
  /** A call that takes longer is slow, whether it fails or not. Milliseconds, 0 or more. */
  readonly longerThanMs: number;
  /** Which share of which window may be slow: a `countWindow` or a `timeWindow`. */
  readonly in: Trip;
};

/**
 * Opens when too large a share of the calls is slow. Failures do not count here, only time; `anyOf` joins the two.
 *
 * @throws RangeError where the time is out of its range
 */
export function slowCalls(options: SlowCallsOptions): Trip {
  const { longerThanMs, in: window } = options;
  new OptionFaults().number('longerThanMs', longerThanMs, 0).settle('slowCalls');
  return () => new SlowCalls(longerThanMs, window());
}

class SlowCalls implements TripStrategy {
  readonly timed = true;
  readonly #longerThanMs: number;
  readonly #window: TripStrategy;

  constructor(longerThanMs: number, window: TripStrategy) {
    this.#longerThanMs = longerThanMs;
    this.#window = window;
  }

  record(_failed: boolean, tookMs: number, nowMs: number): TripReason | undefined {
    const reason = this.#window.record(tookMs > this.#longerThanMs, tookMs, nowMs);
    if (reason === undefined || reason.rule === 'consecutive-failures') return reason;
    return { ...reason, counts: 'slow-calls' };
  }

  reset(): void {
    this.#window.reset();
  }
}
