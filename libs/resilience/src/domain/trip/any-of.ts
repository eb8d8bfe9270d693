import type { Trip, TripReason, TripStrategy } from './strategy.ts';

/** Opens as soon as one of the rules says so; each of them sees every outcome. */
export function anyOf(first: Trip, ...others: readonly Trip[]): Trip {
  return () => new AnyOf([first, ...others].map((trip) => trip()));
}

class AnyOf implements TripStrategy {
  readonly timed: boolean;
  readonly #strategies: readonly TripStrategy[];

  constructor(strategies: readonly TripStrategy[]) {
    this.#strategies = strategies;
    this.timed = strategies.some(({ timed }) => timed);
  }

  record(failed: boolean, tookMs: number, nowMs: number): TripReason | undefined {
    let reason: TripReason | undefined;
    for (const strategy of this.#strategies) {
      const its = strategy.record(failed, tookMs, nowMs);
      reason ??= its;
    }
    return reason;
  }

  reset(): void {
    for (const strategy of this.#strategies) strategy.reset();
  }
}
