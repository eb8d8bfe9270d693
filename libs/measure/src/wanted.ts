import type { Figures } from './figures.ts';

/** One limit on one figure, held against the median of its rounds unless `of` says otherwise. */
export type Bound = {
  /** Name of the recorded figure. */
  figure: string;
  of?: 'min' | 'median' | 'max';
} & ({ atLeast: number } | { atMost: number });

/**
 * A figure that an issue or a document wants. With several bounds one that holds is enough
 * ("at least 0.40 of direct or at most 45 µs").
 */
export type Wanted = { name: string; anyOf: readonly [Bound, ...Bound[]] };

export type Verdict = {
  name: string;
  /** null where the figure was not measured in this run. */
  measured: number | null;
  limit: number;
  unit: string;
  holds: boolean;
};

/**
 * Judges what was measured. Of several alternatives the row shows the first that holds, or else the
 * first; a figure that was not measured does not hold.
 */
export function judge(wanted: readonly Wanted[], figures: Figures): Verdict[] {
  return wanted.map(({ name, anyOf }) => {
    const verdicts = anyOf.map((bound) => judgeBound(name, bound, figures));
    return verdicts.find(({ holds }) => holds) ?? first(verdicts);
  });
}

function judgeBound(name: string, bound: Bound, figures: Figures): Verdict {
  const figure = figures[bound.figure];
  const limit = 'atLeast' in bound ? bound.atLeast : bound.atMost;
  if (figure === undefined) return { name, measured: null, limit, unit: '', holds: false };
  const measured = figure[bound.of ?? 'median'];
  const holds = 'atLeast' in bound ? measured >= limit : measured <= limit;
  return { name, measured, limit, unit: figure.unit, holds };
}

function first(verdicts: readonly Verdict[]): Verdict {
  const verdict = verdicts[0];
  if (verdict === undefined) throw new RangeError('a wanted figure needs at least one bound');
  return verdict;
}
