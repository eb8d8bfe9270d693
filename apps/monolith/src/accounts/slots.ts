/** Runs at most `running` tasks at once and lets at most `waiting` more wait; the rest is turned away with null. */
export function createSlots(running: number, waiting: number) {
  let free = running;
  const queue: (() => void)[] = [];

  async function enter(): Promise<boolean> {
    if (free > 0) {
      free -= 1;
      return true;
    }
    if (queue.length >= waiting) return false;
    await new Promise<void>((resolve) => queue.push(resolve));
    return true;
  }

  function leave(): void {
    const next = queue.shift();
    if (next) next();
    else free += 1;
  }

  return {
    /** The task's outcome, or null when there is no place for it. */
    async run<T>(task: () => Promise<T>): Promise<T | null> {
      if (!(await enter())) return null;
      try {
        return await task();
      } finally {
        leave();
      }
    },
  };
}
