/** A bucket that nobody empties within a benchmark, and that hardly refills: what it lacks is what was taken. */
export const bottomless = { name: 'bench', ratePerSecond: 1, burst: 1e9 } as const;
