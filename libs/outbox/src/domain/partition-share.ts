export type ShareState = {
  /** How many there are. */
  readonly partitions: number;
  /** Those that this relay holds. */
  readonly held: readonly number[];
  /** Relays that are alive, this one included. */
  readonly relays: number;
};

export type ShareChange = {
  /** To be given up, so that others can have them. */
  readonly release: readonly number[];
  /** How many more to take where they are free. */
  readonly take: number;
};

/**
 * What a relay does about its partitions: everyone has an equal share, rounded up, so that no partition is
 * left without a relay.
 */
export function changeOfShare({ partitions, held, relays }: ShareState): ShareChange {
  const share = Math.ceil(partitions / Math.max(1, relays));
  return { release: held.slice(share), take: Math.max(0, share - held.length) };
}
