/** What several readings of one figure come to. */
export type Summary = { min: number; median: number; max: number; rounds: number };

/**
 * Minimum, median and maximum; the median of an even count is the mean of the middle two.
 *
 * @throws RangeError when there is nothing to summarise
 */
export function summarise(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    min: at(sorted, 0),
    median: percentile(sorted, 50),
    max: at(sorted, sorted.length - 1),
    rounds: sorted.length,
  };
}

/**
 * The value below which `percent` of the sorted values lie, interpolated between neighbours.
 *
 * @param sorted ascending
 * @param percent 0 to 100
 * @throws RangeError when the list is empty or the percentage is outside 0 to 100
 */
export function percentile(sorted: readonly number[], percent: number): number {
  if (!(percent >= 0 && percent <= 100)) {
    throw new RangeError(`percent should be within 0 and 100, got ${percent}`);
  }
  const position = ((sorted.length - 1) * percent) / 100;
  const below = Math.floor(position);
  const lower = at(sorted, below);
  const upper = sorted[below + 1] ?? lower;
  return lower + (upper - lower) * (position - below);
}

function at(values: readonly number[], index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError('no values to summarise');
  return value;
}
