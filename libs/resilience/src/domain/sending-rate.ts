import type { Contract } from './token-bucket.ts';

/** Room for everything that makes a delivery later than its turn. */
export const LATENESS_MS = 100;

/**
 * As a bucket that holds one token: turns are evenly apart, so that no window of a second, wherever it begins, has more
 * than the maximum in it. They are so far apart that the same holds for a window that is longer by the lateness: two
 * deliveries that one is late and one is not still keep within the second.
 *
 * @param maxPerSecond deliveries in any one-second window, 1 or more
 */
export const turnsOf = (maxPerSecond: number): Contract => ({
  ratePerSecond: (maxPerSecond * 1000) / (1000 + LATENESS_MS),
  burst: 1,
});
