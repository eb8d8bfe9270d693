import { disc } from './svg.ts';
import type { Motif, Point } from './svg.ts';

const goldenAngle = Math.PI * (3 - Math.sqrt(5));

/** Plants, animals and ecology: seeds in the order of a sunflower. */
export const seeds: Motif = ({ between, whole }) => {
  const centre: Point = [between(70, 250), between(60, 140)];
  const spread = between(9.2, 11);
  const spark = whole(30, 90);
  const rhythm = whole(3, 5);
  let drawn = '';
  for (let seed = 2; seed < 240; seed += 1) {
    const radius = spread * Math.sqrt(seed);
    const place: Point = [
      centre[0] + Math.cos(seed * goldenAngle) * radius,
      centre[1] + Math.sin(seed * goldenAngle) * radius,
    ];
    if (place[0] < -8 || place[0] > 328 || place[1] < -8 || place[1] > 208) continue;
    const fill =
      seed === spark ? 'fx' : seed % rhythm === 0 ? 'f1' : seed % rhythm === 1 ? 'f2' : 'f3';
    drawn += disc(fill, place, 1.8 + radius * 0.036);
  }
  return drawn;
};
