/** How pauses grow. Milliseconds. */
export type Backoff = {
  /** Longest pause after the first failure. */
  readonly baseMs: number;
  /** Longest pause after any number of failures. */
  readonly capMs: number;
};

/** The longest pause after so many failures in a row (1 or more): doubles up to the cap. */
export function longestPauseMs({ baseMs, capMs }: Backoff, failures: number): number {
  return Math.min(capMs, baseMs * 2 ** (Math.max(1, failures) - 1));
}

/**
 * Exponential backoff with full jitter: anything from nothing to the longest pause, so that those who failed
 * together do not come back together.
 *
 * @param chance from 0 up to but not including 1
 */
export function pauseMs(backoff: Backoff, failures: number, chance: number): number {
  return Math.floor(chance * longestPauseMs(backoff, failures));
}
