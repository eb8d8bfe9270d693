import { OptionFaults } from '../option-faults.ts';
import type { Trip, TripReason, TripStrategy } from './strategy.ts';

export type CountWindowOptions = {
  /** How many of the last calls are looked at, 1 to 100000. */
  readonly calls: number;
  /** The circuit opens when at least this share of them failed, in (0, 1]. */
  readonly ratio: number;
  /** Below so many calls nothing is decided. Default: a full window. */
  readonly minimumCalls?: number;
};

/**
 * Opens when too large a share of the last calls failed. Exact: it remembers each of them, a byte a call.
 *
 * @throws RangeError that names every option out of its range
 */
export function countWindow(options: CountWindowOptions): Trip {
  const { calls, ratio, minimumCalls = calls } = options;
  new OptionFaults()
    .integer('calls', calls, 1, 100_000)
    .share('ratio', ratio)
    .integer('minimumCalls', minimumCalls, 1, Math.max(1, calls))
    .settle('countWindow');
  return () => new CountWindow(calls, ratio, minimumCalls);
}

class CountWindow implements TripStrategy {
  readonly timed = false;
  readonly #failed: Uint8Array;
  readonly #ratio: number;
  readonly #minimumCalls: number;
  #next = 0;
  #calls = 0;
  #failures = 0;

  constructor(calls: number, ratio: number, minimumCalls: number) {
    this.#failed = new Uint8Array(calls);
    this.#ratio = ratio;
    this.#minimumCalls = minimumCalls;
  }

  record(failed: boolean): TripReason | undefined {
    const bit = failed ? 1 : 0;
    const at = this.#next;
    // A slot that was never used holds 0, so nothing has to tell the two apart.
    this.#failures += bit - (this.#failed[at] ?? 0);
    this.#failed[at] = bit;
    this.#next = at + 1 === this.#failed.length ? 0 : at + 1;
    if (this.#calls < this.#failed.length) this.#calls += 1;
    return this.#judge();
  }

  reset(): void {
    this.#failed.fill(0);
    this.#next = 0;
    this.#calls = 0;
    this.#failures = 0;
  }

  #judge(): TripReason | undefined {
    if (this.#calls < this.#minimumCalls) return undefined;
    // Divided, not multiplied: 3 of 10 is 0.3 to the last bit, while 0.3 times 10 need not be 3.
    if (this.#failures / this.#calls < this.#ratio) return undefined;
    return {
      rule: 'count-window',
      counts: 'failures',
      bad: this.#failures,
      calls: this.#calls,
      ratio: this.#ratio,
      window: this.#failed.length,
    };
  }
}
