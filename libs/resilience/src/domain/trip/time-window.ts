import { OptionFaults } from '../option-faults.ts';
import type { Trip, TripReason, TripStrategy } from './strategy.ts';

export type TimeWindowOptions = {
  /** How far back is looked, 10 ms to a day. */
  readonly ms: number;
  /** The circuit opens when at least this share of the calls failed, in (0, 1]. */
  readonly ratio: number;
  /** The minimum throughput: below so many calls in the window nothing is decided. */
  readonly minimumCalls: number;
  /** The window moves on by a slice at a time, so it covers between `ms` less a slice and `ms`. 2 to 100, default 10. */
  readonly slices?: number;
};

/**
 * Opens when too large a share of the calls of the last so many milliseconds failed. Memory does not grow with
 * the number of calls.
 *
 * @throws RangeError that names every option out of its range
 */
export function timeWindow(options: TimeWindowOptions): Trip {
  const { ms, ratio, minimumCalls, slices = 10 } = options;
  new OptionFaults()
    .number('ms', ms, 10, 86_400_000)
    .share('ratio', ratio)
    .integer('minimumCalls', minimumCalls, 1)
    .integer('slices', slices, 2, 100)
    .settle('timeWindow');
  return () => new TimeWindow({ ms, ratio, minimumCalls, slices });
}

class TimeWindow implements TripStrategy {
  readonly timed = true;
  readonly #options: Required<TimeWindowOptions>;
  readonly #sliceMs: number;
  readonly #calls: Uint32Array;
  readonly #failed: Uint32Array;
  /** Number of the newest slice since the clock began. */
  #newest = Number.NEGATIVE_INFINITY;
  #totalCalls = 0;
  #totalFailed = 0;

  constructor(options: Required<TimeWindowOptions>) {
    this.#options = options;
    this.#sliceMs = options.ms / options.slices;
    this.#calls = new Uint32Array(options.slices);
    this.#failed = new Uint32Array(options.slices);
  }

  record(failed: boolean, _tookMs: number, nowMs: number): TripReason | undefined {
    const at = this.#moveTo(Math.floor(nowMs / this.#sliceMs));
    this.#calls[at] = (this.#calls[at] ?? 0) + 1;
    this.#totalCalls += 1;
    if (failed) {
      this.#failed[at] = (this.#failed[at] ?? 0) + 1;
      this.#totalFailed += 1;
    }
    const { minimumCalls, ratio, ms } = this.#options;
    if (this.#totalCalls < minimumCalls) return undefined;
    if (this.#totalFailed / this.#totalCalls < ratio) return undefined;
    return {
      rule: 'time-window',
      counts: 'failures',
      bad: this.#totalFailed,
      calls: this.#totalCalls,
      ratio,
      window: ms,
    };
  }

  reset(): void {
    this.#calls.fill(0);
    this.#failed.fill(0);
    this.#newest = Number.NEGATIVE_INFINITY;
    this.#totalCalls = 0;
    this.#totalFailed = 0;
  }

  /** Empties the slices that have fallen out of the window, and gives back where the newest one is. */
  #moveTo(slice: number): number {
    const { slices } = this.#options;
    // Outcomes come in with the time of their end, and two of one moment may come in the wrong order.
    if (slice > this.#newest) {
      const fallen = Math.min(slices, slice - this.#newest);
      for (let n = 0; n < fallen; n += 1) this.#empty((slice - n) % slices);
      this.#newest = slice;
    }
    return this.#newest % slices;
  }

  #empty(at: number): void {
    this.#totalCalls -= this.#calls[at] ?? 0;
    this.#totalFailed -= this.#failed[at] ?? 0;
    this.#calls[at] = 0;
    this.#failed[at] = 0;
  }
}
