/** Numbers that look random and are the same for the same seed. */
export type Chance = {
  /** At least `from`, less than `to`. */
  between: (from: number, to: number) => number;
  /** A whole number, at least `from`, at most `to`. */
  whole: (from: number, to: number) => number;
  /** True in `share` of the cases, 0 to 1. */
  chance: (share: number) => boolean;
};

/** FNV-1a, 32 bits. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}

/** Mulberry32 over the hash of the seed: an article keeps its picture for ever, on every instance. */
export function chanceOf(seed: string): Chance {
  let state = hashOf(seed);
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return {
    between: (from, to) => from + next() * (to - from),
    whole: (from, to) => from + Math.floor(next() * (to - from + 1)),
    chance: (share) => next() < share,
  };
}
