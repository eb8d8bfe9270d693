import { type Clock, systemClock } from './clock.ts';
import { OptionFaults } from './domain/option-faults.ts';

export type RetryBudgetOptions = {
  /** Retries may be at most this share of the active and recent calls, (0, 1]. Default 0.2. */
  readonly ratio?: number;
  /** So many retries are allowed in a window in any case, for when there is little traffic. 0 or more. Default 10. */
  readonly minimum?: number;
  /** What counts as recent, in milliseconds, 100 to an hour. Default 10000. */
  readonly windowMs?: number;
};

const SLICES = 10;

/**
 * Bounds retries to a share of the traffic, so that an outage is not answered with a multiple of it. One budget may
 * serve several policies that call the same party.
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #minimum: number;
  readonly #sliceMs: number;
  readonly #calls = new Float64Array(SLICES);
  readonly #retries = new Float64Array(SLICES);
  readonly #clock: Clock;
  #newest = Number.NEGATIVE_INFINITY;
  #active = 0;
  /** Calls that have ended and are not in a slice yet. */
  #unplaced = 0;
  #ticking = false;

  /** @throws RangeError that names every option out of its range */
  constructor(options: RetryBudgetOptions = {}, clock: Clock = systemClock) {
    const { ratio = 0.2, minimum = 10, windowMs = 10_000 } = options;
    new OptionFaults()
      .share('ratio', ratio)
      .integer('minimum', minimum, 0)
      .number('windowMs', windowMs, 100, 3_600_000)
      .settle('retry budget');
    this.#ratio = ratio;
    this.#minimum = minimum;
    this.#sliceMs = windowMs / SLICES;
    this.#clock = clock;
  }

  /** A call begins. It costs no look at the clock: a tick of a slice's length tells when it was. */
  begin(): void {
    this.#active += 1;
    if (!this.#ticking) this.#tickLater();
  }

  /** A call has ended. */
  end(): void {
    this.#active -= 1;
    this.#unplaced += 1;
  }

  /** Whether one more retry is within the budget; if it is, it is spent. */
  spend(): boolean {
    const at = this.#place();
    const retries = sum(this.#retries);
    if (retries + 1 > Math.max(this.#minimum, this.#ratio * (sum(this.#calls) + this.#active)))
      return false;
    this.#retries[at] = (this.#retries[at] ?? 0) + 1;
    return true;
  }

  #tickLater(): void {
    this.#ticking = true;
    this.#clock.schedule(this.#sliceMs, this.#tick, 'idle');
  }

  readonly #tick = (): void => {
    this.#ticking = false;
    this.#place();
    if (this.#active > 0) this.#tickLater();
  };

  #place(): number {
    const slice = Math.floor(this.#clock.now() / this.#sliceMs);
    if (slice > this.#newest) {
      for (let n = Math.min(SLICES, slice - this.#newest) - 1; n >= 0; n -= 1) {
        this.#calls[(slice - n) % SLICES] = 0;
        this.#retries[(slice - n) % SLICES] = 0;
      }
      this.#newest = slice;
    }
    const at = this.#newest % SLICES;
    this.#calls[at] = (this.#calls[at] ?? 0) + this.#unplaced;
    this.#unplaced = 0;
    return at;
  }
}

const sum = (counts: Float64Array): number => counts.reduce((total, count) => total + count, 0);
