import type { Chance } from './chance.ts';

/** A picture for one section: what is inside of the `svg` element, its colours as classes (see palette.ts). */
export type Motif = (chance: Chance) => string;

/** The area that motifs draw on; the page may crop it above and below. */
export const area = { width: 320, height: 200 } as const;

/** A coordinate with one decimal. */
export function at(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export type Point = readonly [x: number, y: number];

/** Filled disc: `f1` strongest to `f3` faintest, `fx` the spark. */
export function disc(fill: string, [x, y]: Point, radius: number): string {
  return `<circle class="${fill}" cx="${at(x)}" cy="${at(y)}" r="${at(radius)}"/>`;
}

/** Open circle line: `s1` strongest to `s3` faintest. */
export function ring(stroke: string, [x, y]: Point, radius: number, width: number): string {
  return `<circle class="${stroke}" cx="${at(x)}" cy="${at(y)}" r="${at(radius)}" stroke-width="${at(width)}"/>`;
}

/** Any path. */
export function path(className: string, d: string, width?: number): string {
  const stroke = width === undefined ? '' : ` stroke-width="${at(width)}"`;
  return `<path class="${className}" d="${d}"${stroke}/>`;
}

/** A smooth line through points: quadratic curves between the middles of neighbours. */
export function smooth(points: readonly Point[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (first === undefined || last === undefined) return '';
  let d = `M${at(first[0])} ${at(first[1])}`;
  for (const [index, [x, y]] of rest.entries()) {
    const next = rest[index + 1];
    if (next !== undefined) {
      d += `Q${at(x)} ${at(y)} ${at((x + next[0]) / 2)} ${at((y + next[1]) / 2)}`;
    }
  }
  return `${d}L${at(last[0])} ${at(last[1])}`;
}
