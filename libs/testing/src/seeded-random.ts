export type SeededRandom = {
  /** From 0 up to, not including, 1. */
  readonly next: () => number;
  /** A number from `low` up to, not including, `high`. */
  readonly between: (low: number, high: number) => number;
  /** A whole number from 0 up to, not including, `limit`. */
  readonly below: (limit: number) => number;
  /** One of the items, each as likely as the others. */
  readonly pick: <T>(items: readonly [T, ...T[]]) => T;
  readonly chance: (share: number) => boolean;
};

/**
 * Chance that comes out the same for the same seed, on every machine: a run that found something can be repeated.
 * Mulberry32; good enough for picking victims, not for secrets.
 *
 * @param seed a whole number
 */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    between: (low, high) => low + next() * (high - low),
    pick: (items) => items[below(items.length)] ?? items[0],
    chance: (share) => next() < share,
  };
}
