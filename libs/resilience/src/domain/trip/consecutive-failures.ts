import { OptionFaults } from '../option-faults.ts';
import type { Trip, TripReason, TripStrategy } from './strategy.ts';

/**
 * Opens after so many failures without a success in between.
 *
 * @param threshold 1 or more
 * @throws RangeError for anything else
 */
export function consecutiveFailures(threshold: number): Trip {
  new OptionFaults().integer('threshold', threshold, 1).settle('consecutiveFailures');
  return () => new ConsecutiveFailures(threshold);
}

class ConsecutiveFailures implements TripStrategy {
  readonly timed = false;
  readonly #threshold: number;
  #failures = 0;

  constructor(threshold: number) {
    this.#threshold = threshold;
  }

  record(failed: boolean): TripReason | undefined {
    if (!failed) {
      this.#failures = 0;
      return undefined;
    }
    this.#failures += 1;
    if (this.#failures < this.#threshold) return undefined;
    return { rule: 'consecutive-failures', failures: this.#failures };
  }

  reset(): void {
    this.#failures = 0;
  }
}
