import type { Lsn } from './lsn.ts';

/** The legacy transaction that ends at `position` has put events into the outbox up to `sequence`. */
type Mark = { readonly position: Lsn; readonly sequence: bigint };

/** Which positions may be confirmed to PostgreSQL: those whose events the bus has. */
export type Confirmation = {
  /** Captured up to `position`; the newest event in the outbox was `sequence` then (null: it was empty). */
  readonly captured: (position: Lsn, sequence: bigint | null) => void;
  /**
   * `oldest` was the outbox's oldest event (null: it was empty) at a time when `newestMark` was already known.
   * What was captured later is left alone: its events may have been written after that look.
   */
  readonly published: (oldest: bigint | null, newestMark: Lsn | null) => void;
  /** To be taken before the outbox is looked at; null where nothing waits. */
  readonly newestMark: () => Lsn | null;
  /** Up to where PostgreSQL may forget. */
  readonly confirmed: () => Lsn;
};

/** With more they are thinned out: a bus that is away for hours must not fill the memory. */
const MOST_MARKS = 1000;

export function createConfirmation(start: Lsn): Confirmation {
  let confirmed = start;
  let marks: Mark[] = [];
  /** Events between two marks, at least; grows while the bus is away. */
  let spacing = 0n;
  return {
    captured: (position, sequence) => {
      const last = marks.at(-1)?.sequence ?? 0n;
      const own = sequence ?? 0n;
      const mark = { position, sequence: own > last ? own : last };
      const fixed = marks.at(-2);
      if (fixed !== undefined && mark.sequence - fixed.sequence < spacing) marks.pop();
      marks.push(mark);
      if (marks.length <= MOST_MARKS) return;
      marks = marks.filter((_, index) => index % 2 === 1 || index === marks.length - 1);
      const [first] = marks;
      spacing =
        first === undefined ? 0n : (mark.sequence - first.sequence) / BigInt(MOST_MARKS / 2);
    },
    published: (oldest, newestMark) => {
      if (newestMark === null) return;
      const done = marks.filter(
        ({ position, sequence }) =>
          position <= newestMark && (oldest === null || sequence < oldest),
      );
      const newest = done.at(-1);
      if (newest !== undefined && newest.position > confirmed) confirmed = newest.position;
      marks = marks.slice(done.length);
      if (marks.length < MOST_MARKS / 4) spacing = 0n;
    },
    newestMark: () => marks.at(-1)?.position ?? null,
    confirmed: () => confirmed,
  };
}
