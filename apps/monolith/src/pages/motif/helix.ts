import { at, disc, path, smooth } from './svg.ts';
import type { Motif, Point } from './svg.ts';

/** Genes and evolution: double strands with their rungs. */
export const helix: Motif = ({ between, whole, chance }) => {
  const tilt = between(-24, 24);
  const strands = whole(1, 2);
  let drawn = '';
  for (let strand = 0; strand < strands; strand += 1) {
    const base = strands === 1 ? between(85, 115) : 62 + strand * 82;
    const height = strands === 1 ? between(44, 58) : between(26, 32);
    const turns = between(1.6, 2.6);
    const start = between(0, 6);
    const upper: Point[] = [];
    const lower: Point[] = [];
    let rungs = '';
    for (let step = 0; step <= 40; step += 1) {
      const x = -40 + step * 10;
      const phase = start + (step / 40) * turns * Math.PI * 2;
      const a: Point = [x, base + Math.sin(phase) * height];
      const b: Point = [x, base - Math.sin(phase) * height];
      upper.push(a);
      lower.push(b);
      if (step % 2 === 0 && Math.abs(a[1] - b[1]) > 10) {
        const cut = a[1] + (b[1] - a[1]) * between(0.4, 0.6);
        rungs +=
          path('s2', `M${at(x)} ${at(a[1])}V${at(cut)}`, 2.2) +
          path('s3', `M${at(x)} ${at(cut)}V${at(b[1])}`, 2.2);
        if (chance(0.12)) rungs += disc('fx', [x, cut], 4);
      }
    }
    drawn += rungs + path('s1', smooth(upper), 4.2) + path('s1', smooth(lower), 2.2);
    for (const [index, point] of upper.entries())
      if (index % 4 === 0) drawn += disc('f2', point, 3.4);
  }
  return `<g transform="rotate(${at(tilt)} 160 100)">${drawn}</g>`;
};
