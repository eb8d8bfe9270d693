import { at, disc, ring } from './svg.ts';
import type { Motif, Point } from './svg.ts';

type Cell = { centre: Point; radius: number };

/** Cells and molecules: cells side by side, each with its nucleus, one of them dividing. */
export const cells: Motif = ({ between, chance }) => {
  const placed: Cell[] = [];
  for (let trial = 0; trial < 420 && placed.length < 40; trial += 1) {
    const centre: Point = [between(-10, 330), between(-10, 210)];
    const gap = Math.min(
      ...placed.map(
        ({ centre: [x, y], radius }) => Math.hypot(x - centre[0], y - centre[1]) - radius,
      ),
      between(16, 42),
    );
    if (gap > 9) placed.push({ centre, radius: gap - 2.5 });
  }
  let drawn = '';
  for (const [index, { centre, radius }] of placed.entries()) {
    const [x, y] = centre;
    drawn += disc('f3', centre, radius) + ring('s2', centre, radius, 1.4);
    const turn = between(0, Math.PI * 2);
    if (radius > 18 && index % 5 === 0) {
      const [dx, dy] = [Math.cos(turn) * radius * 0.38, Math.sin(turn) * radius * 0.38];
      drawn +=
        disc('f1', [x + dx, y + dy], radius * 0.24) + disc('f1', [x - dx, y - dy], radius * 0.24);
      continue;
    }
    const off: Point = [
      x + Math.cos(turn) * radius * 0.25,
      y + Math.sin(turn) * radius * between(0.1, 0.3),
    ];
    drawn += disc(index === 3 ? 'fx' : chance(0.7) ? 'f1' : 'f2', off, radius * between(0.24, 0.4));
    if (radius > 16) {
      drawn += `<circle class="s2" cx="${at(x)}" cy="${at(y)}" r="${at(radius * 0.72)}" stroke-width="0.8" stroke-dasharray="2 4"/>`;
    }
  }
  return drawn;
};
