import type { PendingEvent, RelaySession } from './relay-session.ts';

/** What a relay has taken out of its outbox and not finished, on the way to the bus and back. */
export type RelayLane = {
  /** The next batch, read ahead or now; what was published before it is removed. */
  readonly next: (withoutKeys: readonly string[]) => Promise<readonly PendingEvent[]>;
  /**
   * For the time in which the bus is given `batch`: removes what was published before, and reads on behind it where it
   * was a full one.
   */
  readonly readAhead: (
    batch: readonly PendingEvent[],
    withoutKeys: readonly string[],
  ) => Promise<void>;
  /** The bus has these; they are removed with the next occasion. */
  readonly published: (events: readonly PendingEvent[]) => void;
  /** Gives up what was read ahead, as one must where keys or partitions are no longer to be published. */
  readonly forget: () => void;
  /** Gives it up and removes what is published: afterwards nothing is under way. */
  readonly settle: () => Promise<void>;
};

export function createRelayLane(
  session: Pick<RelaySession, 'read' | 'remove'>,
  limits: { readonly events: number; readonly bytes: number },
): RelayLane {
  let ahead: readonly PendingEvent[] = [];
  let done: readonly string[] = [];

  const removeDone = async (): Promise<void> => {
    if (done.length === 0) return;
    const sequences = done;
    done = [];
    await session.remove(sequences);
  };
  const read = (withoutKeys: readonly string[], without: readonly PendingEvent[]) =>
    session.read({
      ...{ ...limits, withoutKeys },
      // Not "behind the last of them": an event that was committed late may be further in front, and the next of its
      // key behind it.
      withoutSequences: without.map(({ sequence }) => sequence),
    });

  return {
    next: async (withoutKeys) => {
      const batch = ahead;
      ahead = [];
      if (batch.length > 0) return batch;
      await removeDone();
      return read(withoutKeys, []);
    },
    readAhead: async (batch, withoutKeys) => {
      if (batch.length < limits.events) return;
      await removeDone();
      ahead = await read(withoutKeys, batch);
    },
    published: (events) => {
      done = [...done, ...events.map(({ sequence }) => sequence)];
    },
    forget: () => {
      ahead = [];
    },
    settle: async () => {
      ahead = [];
      await removeDone();
    },
  };
}
