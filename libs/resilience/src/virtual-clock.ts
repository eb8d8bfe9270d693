import type { Clock } from './clock.ts';

type Entry = { readonly at: number; readonly order: number; readonly callback: () => void };

/** A clock that stands still until a test moves it. */
export type VirtualClock = Clock & {
  /** Moves time, and calls back what falls due on the way, each at its own time, with promises settled in between. */
  readonly advance: (ms: number) => Promise<void>;
  /** How many callbacks are waiting. */
  readonly pending: () => number;
};

/** @param startMs where the clock begins; a monotonic clock may begin anywhere */
export function createVirtualClock(startMs = 1000): VirtualClock {
  let now = startMs;
  let order = 0;
  const entries = new Set<Entry>();

  const nextDue = (until: number): Entry | undefined => {
    let next: Entry | undefined;
    for (const entry of entries) {
      if (entry.at > until) continue;
      if (
        next === undefined ||
        entry.at < next.at ||
        (entry.at === next.at && entry.order < next.order)
      )
        next = entry;
    }
    return next;
  };

  return {
    now: () => now,
    schedule(delayMs, callback) {
      const entry = { at: now + Math.max(0, delayMs), order: order++, callback };
      entries.add(entry);
      return () => void entries.delete(entry);
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (let next = nextDue(until); next !== undefined; next = nextDue(until)) {
        entries.delete(next);
        now = Math.max(now, next.at);
        next.callback();
        await settle();
      }
      now = until;
    },
    pending: () => entries.size,
  };
}

/** Lets everything run that waits for promises only. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
