/** An event that was delivered, as far as its order is concerned. */
export type Arrival = {
  /** Tells a repeated delivery from a new event. */
  readonly id: string;
  readonly key: string;
};

/** What the consumer knows before a batch. */
export type Held = {
  /** Ids of events of the batch that wait for another attempt, or are dead letters. */
  readonly ids: ReadonlySet<string>;
  /** Keys with an event that waits for another attempt. */
  readonly blockedKeys: ReadonlySet<string>;
};

/**
 * - `handle`: nothing of its key is before it. Whether it was handled before, the inbox knows.
 * - `wait`: an earlier event of its key is being retried.
 * - `repeated`: is held already.
 */
export type Step = 'handle' | 'wait' | 'repeated';

/** What to do with each event of a batch, so that the events of a key have their effects in order. */
export function planIntake(batch: readonly Arrival[], held: Held): readonly Step[] {
  const ids = new Set(held.ids);
  return batch.map(({ id, key }) => {
    if (ids.has(id)) return 'repeated';
    if (!held.blockedKeys.has(key)) return 'handle';
    // The same event may be in the batch twice.
    ids.add(id);
    return 'wait';
  });
}
