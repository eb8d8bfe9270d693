import type { Lsn } from './lsn.ts';

/** The legacy transaction that ends at `position` has put events into the outbox up to `sequence`. */
type Mark = { readonly position: Lsn; readonly sequence: bigint };

/** Which positions may be confirmed to PostgreSQL: those whose events the bus has. */
export type Confirmation = {
  /** Captured up to `position`; the outbox's newest event then was `sequence` (0: none was ever written). */
  readonly captured: (position: Lsn, sequence: bigint) => void;
  /** `oldest` is the outbox's oldest event, or null where it is empty. */
  readonly published: (oldest: bigint | null) => void;
  /** Up to where PostgreSQL may forget. */
  readonly confirmed: () => Lsn;
  readonly isWaiting: () => boolean;
};

/** Marks closer together than this are one; a bus that is away for hours must not fill the memory. */
const MOST_MARKS = 1000;

export function createConfirmation(start: Lsn): Confirmation {
  let confirmed = start;
  let marks: Mark[] = [];
  return {
    captured: (position, sequence) => {
      const last = marks.at(-1);
      // Nothing was written since: the position is as good as the mark before.
      if (last !== undefined && last.sequence >= sequence) marks.pop();
      marks.push({
        position,
        sequence: last === undefined || last.sequence < sequence ? sequence : last.sequence,
      });
      if (marks.length > MOST_MARKS)
        marks = marks.filter((_, index) => index % 2 === 1 || index === marks.length - 1);
    },
    published: (oldest) => {
      const waiting = oldest === null ? -1 : marks.findIndex(({ sequence }) => sequence >= oldest);
      const done = waiting === -1 ? marks.length : waiting;
      const newest = marks[done - 1];
      if (newest !== undefined && newest.position > confirmed) confirmed = newest.position;
      marks = marks.slice(done);
    },
    confirmed: () => confirmed,
    isWaiting: () => marks.length > 0,
  };
}
