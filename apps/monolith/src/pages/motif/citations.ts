import { at, disc, path } from './svg.ts';
import type { Motif } from './svg.ts';

/** Research culture: works on a line of time, and who refers to whom. */
export const citations: Motif = ({ between, whole, chance }) => {
  const works = whole(17, 22);
  const base = between(138, 158);
  const xs = Array.from({ length: works }, (_, work) => 16 + (work * 288) / (works - 1));
  const weights = xs.map(() => between(2, 4.4));
  let arcs = '';
  for (let arc = 0; arc < works * 1.7; arc += 1) {
    const [from, to] = [whole(0, works - 2), whole(1, works - 1)];
    const [a, b] = [xs[Math.min(from, to)], xs[Math.max(from, to)]];
    if (a === undefined || b === undefined || a === b) continue;
    const half = (b - a) / 2;
    const below = chance(0.22);
    const height = below ? Math.min(half, 42) : Math.min(half, 124);
    arcs += path(
      half > 70 ? 's1' : half > 30 ? 's2' : 's3',
      `M${at(a)} ${at(base)}A${at(half)} ${at(height)} 0 0 ${below ? 0 : 1} ${at(b)} ${at(base)}`,
      between(0.9, 2.2),
    );
  }
  const spark = whole(3, works - 4);
  const dots = xs
    .map((x, work) =>
      disc(work === spark ? 'fx' : 'f1', [x, base], work === spark ? 7 : (weights[work] ?? 3)),
    )
    .join('');
  return arcs + path('s2', `M0 ${at(base)}H320`, 0.8) + dots;
};
