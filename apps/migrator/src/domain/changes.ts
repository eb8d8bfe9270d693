/** Text of each column. A column that is missing has not changed (PostgreSQL leaves out large values). */
export type Row = Readonly<Record<string, string | null>>;

/** What has become of a legacy row. */
export type RowChange =
  | { readonly kind: 'put'; readonly row: Row }
  /** Only these columns; the others stay as they are. */
  | { readonly kind: 'patch'; readonly row: Row }
  | { readonly kind: 'remove' };

/** Changes of rows, each row's folded into one. */
export type Changes = {
  readonly add: (relation: string, key: string, change: RowChange) => void;
  readonly take: () => readonly FoldedChange[];
  readonly bytes: () => number;
  readonly rows: () => number;
};

export type FoldedChange = {
  readonly relation: string;
  readonly key: string;
  readonly change: RowChange;
};

/** Collects changes in order; what a row goes through between two `take` becomes one change. */
export function createChanges(): Changes {
  let folded = new Map<string, FoldedChange>();
  let bytes = 0;
  return {
    add: (relation, key, change) => {
      const id = `${relation}/${key}`;
      const before = folded.get(id)?.change;
      folded.set(id, { relation, key, change: fold(before, change) });
      // Also of what a later change replaces: it is a bound, not a measure.
      bytes += change.kind === 'remove' ? 100 : bytesOf(change.row);
    },
    take: () => {
      const taken = [...folded.values()];
      folded = new Map();
      bytes = 0;
      return taken;
    },
    bytes: () => bytes,
    rows: () => folded.size,
  };
}

function fold(before: RowChange | undefined, change: RowChange): RowChange {
  if (change.kind !== 'patch' || before === undefined || before.kind === 'remove') return change;
  return { kind: before.kind, row: { ...before.row, ...change.row } };
}

/** About what a row takes up in memory. */
export function bytesOf(row: Row): number {
  let bytes = 100;
  for (const value of Object.values(row)) bytes += 20 + (value?.length ?? 0);
  return bytes;
}
