import { at, disc, path, smooth } from './svg.ts';
import type { Motif, Point } from './svg.ts';

/** Health and medicine: one beat after the other, each a little different. */
export const pulses: Motif = ({ between, whole }) => {
  const lines = 13;
  const beat = between(110, 210);
  const sparkOn = whole(5, 10);
  let drawn = '';
  for (let line = 0; line < lines; line += 1) {
    const base = 38 + line * 14;
    const centre = beat + between(-16, 16);
    const height = between(16, 44);
    const width = between(9, 17);
    const second = { centre: centre + between(34, 60), height: between(5, 15), width: 15 };
    const points: Point[] = [];
    for (let x = -8; x <= 352; x += Math.abs(x - centre) > 96 ? 24 : 6) {
      const first = Math.exp(-(((x - centre) / width) ** 2)) * height;
      const after = Math.exp(-(((x - second.centre) / second.width) ** 2)) * second.height;
      const dip = Math.exp(-(((x - centre + width * 1.7) / (width * 0.7)) ** 2)) * height * 0.18;
      points.push([x, base - first - after + dip + between(-0.7, 0.7)]);
    }
    const d = smooth(points);
    drawn += path('f0', `${d}V${at(base + 15)}H-8Z`) + path(line % 4 === 0 ? 's1' : 's2', d, 1.7);
    if (line === sparkOn) drawn += disc('fx', [centre, base - height], 4.6);
  }
  return drawn;
};
