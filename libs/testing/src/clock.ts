export type TestClock = {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly date: () => Date;
  /**
   * Ends when the clock has been moved so far on. 0 and less end with the next `advance`, too.
   *
   * @throws the signal's reason when it is aborted first
   */
  readonly sleep: (ms: number, options?: { readonly signal?: AbortSignal }) => Promise<void>;
  /**
   * Moves the clock on. Sleepers wake up in order of their time and see that time; what they do without waiting
   * for anything real is done before the next one wakes, and one that sleeps again in time wakes again.
   */
  readonly advance: (ms: number) => Promise<void>;
  /** Moves the clock on to the next sleeper; false where there is none. */
  readonly next: () => Promise<boolean>;
  /** How many sleep. */
  readonly sleepers: () => number;
};

type Sleeper = { readonly at: number; readonly wake: () => void };

/**
 * A clock that stands still until a test moves it. For code that is given `now` and `sleep`; timers of Node and of
 * the database go on as ever.
 *
 * @param start where it stands at first, an RFC 3339 time
 */
export function testClock(start = '2026-03-02T06:00:00.000Z'): TestClock {
  let now = Date.parse(start);
  if (Number.isNaN(now)) throw new RangeError(`The clock cannot be set to ${start}.`);
  const sleepers = new Set<Sleeper>();

  const wakeNext = async (until: number): Promise<boolean> => {
    // Sets keep the order of insertion: of two with the same time the first one wakes first.
    const [first] = [...sleepers].sort((a, b) => a.at - b.at);
    if (first === undefined || first.at > until) return false;
    now = Math.max(now, first.at);
    first.wake();
    await settled();
    return true;
  };

  return {
    now: () => now,
    date: () => new Date(now),
    sleepers: () => sleepers.size,
    sleep: (ms, { signal } = {}) =>
      new Promise<void>((resolve, reject) => {
        const stop = (): void => {
          sleepers.delete(sleeper);
          reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
        };
        const sleeper: Sleeper = {
          at: now + ms,
          wake: () => {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', stop);
            resolve();
          },
        };
        if (signal?.aborted === true) {
          stop();
          return;
        }
        signal?.addEventListener('abort', stop, { once: true });
        sleepers.add(sleeper);
      }),
    advance: async (ms) => {
      if (ms < 0) throw new RangeError(`Time does not go back: ${ms} ms.`);
      const until = now + ms;
      await settled();
      while (await wakeNext(until));
      now = until;
    },
    next: async () => {
      await settled();
      return wakeNext(Infinity);
    },
  };
}

/** Lets everything run that waits for nothing but promises. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
