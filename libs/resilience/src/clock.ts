/** Where time comes from. Always monotonic: a wall clock that is set, or daylight saving, must change nothing. */
export interface Clock {
  /** Milliseconds since some moment in the past; never goes back. */
  now(): number;
  /**
   * Calls back once after so many milliseconds, unless the function that it gives back is called before.
   *
   * @param wake `holds-process` while somebody waits for it; `idle` lets the process end without it
   */
  schedule(delayMs: number, callback: () => void, wake: Wake): () => void;
}

export type Wake = 'holds-process' | 'idle';

/** The longest delay that Node's timers know. What is longer wakes up early, and has to look at the clock anyway. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The process's own monotonic clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule(delayMs, callback, wake) {
    const timer = setTimeout(callback, Math.min(delayMs, LONGEST_DELAY_MS));
    if (wake === 'idle') timer.unref();
    return () => clearTimeout(timer);
  },
};
