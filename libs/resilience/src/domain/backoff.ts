import type { OptionFaults } from './option-faults.ts';

/** How pauses grow. Milliseconds. */
export type Backoff = {
  /** Longest pause before the first retry. Default 100. */
  readonly baseMs?: number;
  /** Each is at most so many times as long as the one before. Default 2. */
  readonly factor?: number;
  /** Longest pause before any retry. Default 10000. */
  readonly capMs?: number;
};

export const defaultBackoff = { baseMs: 100, factor: 2, capMs: 10_000 } as const;

/**
 * Exponential backoff with full jitter: anything from nothing to the longest pause, so that those who failed
 * together do not come back together.
 *
 * @param failures so far, 1 or more
 * @param chance from 0 up to but not including 1
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function pauseMs(backoff: Required<Backoff>, failures: number, chance: number): number {
  const { baseMs, factor, capMs } = backoff;
  return Math.floor(chance * (Math.min(capMs, baseMs * factor ** (failures - 1)) + 1));
}

export function checkBackoff(faults: OptionFaults, backoff: Required<Backoff>): void {
  faults
    .number('backoff.baseMs', backoff.baseMs, 0)
    .number('backoff.factor', backoff.factor, 1)
    .number('backoff.capMs', backoff.capMs, backoff.baseMs);
}
