/**
 * How often each event of a partition was handed out. Only what was not committed is remembered, which is
 * one batch at most.
 */
export function createAttempts(): {
  next: (position: bigint) => number;
  forget: (through: bigint) => void;
} {
  const counts = new Map<bigint, number>();
  return {
    next: (position) => {
      const count = (counts.get(position) ?? 0) + 1;
      counts.set(position, count);
      return count;
    },
    forget: (through) => {
      for (const position of counts.keys()) if (position <= through) counts.delete(position);
    },
  };
}
