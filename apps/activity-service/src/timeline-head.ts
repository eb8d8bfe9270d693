/** How far the timeline goes. */
export type Head = {
  /** The last id. */
  readonly id: number;
  /** Grows when the timeline is found to have become shorter: its database was restored to an earlier state. */
  readonly epoch: number;
};

/** How far the timeline goes, as far as this instance knows, for those who wait for more. */
export type TimelineHead = {
  /** Undefined before the database was reached for the first time. */
  readonly current: () => Head | undefined;
  /** What a look has found. Looks have to be told in the order in which they were made. */
  readonly set: (id: number) => void;
  /** Resolves when the head is no longer `seen`, after `withinMs`, or when the signal is aborted. Never rejects. */
  readonly moved: (seen: Head | undefined, withinMs: number, signal: AbortSignal) => Promise<void>;
};

export function createTimelineHead(): TimelineHead {
  let head: Head | undefined;
  const waiting = new Set<() => void>();
  return {
    current: () => head,
    set: (id) => {
      if (id === head?.id) return;
      const { id: before, epoch } = head ?? { id: 0, epoch: 0 };
      head = { id, epoch: id < before ? epoch + 1 : epoch };
      for (const wake of [...waiting]) wake();
    },
    moved: (seen, withinMs, signal) => {
      if (signal.aborted || head !== seen) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = (): void => {
          waiting.delete(wake);
          clearTimeout(timer);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        const timer = setTimeout(wake, withinMs);
        signal.addEventListener('abort', wake);
        waiting.add(wake);
      });
    },
  };
}
