import { OptionFaults } from './domain/option-faults.ts';

export type KeyedOptions<P> = {
  /** Makes the policy of a key. */
  readonly make: (key: string) => P;
  /** So many are kept at most; the one that was used longest ago goes first. 1 to 1000000. */
  readonly most: number;
  /** Whether one may be forgotten now: not an open circuit, or a bucket that was emptied. Default: each may. */
  readonly mayForget?: (policy: P) => boolean;
};

export type Keyed<P> = {
  readonly get: (key: string) => P;
  readonly size: () => number;
  /** Those that are kept now, for a registry. */
  readonly all: () => readonly P[];
};

/** How many are looked at to find one that may be forgotten: a call must not search them all. */
const MOST_LOOKED_AT = 16;

/**
 * A policy for each key (a host, a customer), without growing with the number of keys. It never keeps more than the
 * maximum: where none of the oldest may be forgotten, the oldest is, for memory that runs out helps nobody.
 *
 * @throws RangeError where the maximum is out of its range
 */
export function createKeyed<P>({ make, most, mayForget = () => true }: KeyedOptions<P>): Keyed<P> {
  new OptionFaults().integer('most', most, 1, 1_000_000).settle('keyed policies');
  // A map keeps the order of insertion: what is used is put in anew, and the first is the one used longest ago.
  const kept = new Map<string, P>();

  const forgetOne = (): void => {
    let looked = 0;
    let oldest: string | undefined;
    for (const [key, policy] of kept) {
      oldest ??= key;
      if (mayForget(policy)) {
        kept.delete(key);
        return;
      }
      looked += 1;
      if (looked === MOST_LOOKED_AT) break;
    }
    if (oldest !== undefined) kept.delete(oldest);
  };

  return {
    get(key) {
      const known = kept.get(key);
      if (known !== undefined) {
        kept.delete(key);
        kept.set(key, known);
        return known;
      }
      if (kept.size >= most) forgetOne();
      const policy = make(key);
      kept.set(key, policy);
      return policy;
    },
    size: () => kept.size,
    all: () => [...kept.values()],
  };
}
