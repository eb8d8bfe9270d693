import { at, disc, path, ring, smooth } from './svg.ts';
import type { Motif, Point } from './svg.ts';

/** Microbes and immunity: rods, spheres and threads in a dish, and one that is being caught. */
export const microbes: Motif = ({ between, whole, chance }) => {
  let drawn = '';
  const rods = whole(13, 18);
  for (let rod = 0; rod < rods; rod += 1) {
    const [x, y]: Point = [between(0, 320), between(0, 200)];
    const angle = between(0, Math.PI);
    const half = between(8, 20);
    const [dx, dy] = [Math.cos(angle) * half, Math.sin(angle) * half];
    const line = `M${at(x - dx)} ${at(y - dy)}L${at(x + dx)} ${at(y + dy)}`;
    const width = between(9, 14);
    drawn +=
      path(`${rod % 3 === 0 ? 's1' : rod % 3 === 1 ? 's2' : 's3'} round`, line, width) +
      path('s0 round', line, width * 0.24);
    if (chance(0.45)) {
      const tail = Array.from({ length: 7 }, (_, step): Point => {
        const along = half + 4 + step * 6;
        const aside = Math.sin(step * 1.8) * 4;
        return [
          x + Math.cos(angle) * along - Math.sin(angle) * aside,
          y + Math.sin(angle) * along + Math.cos(angle) * aside,
        ];
      });
      drawn += path('s2', smooth(tail), 1.1);
    }
  }
  for (let sphere = 0; sphere < 9; sphere += 1) {
    const place: Point = [between(0, 320), between(0, 200)];
    drawn += disc('f2', place, between(3, 6));
  }
  const caught: Point = [between(90, 230), between(70, 130)];
  const radius = between(24, 32);
  drawn += disc('f0', caught, radius) + ring('s1', caught, radius, 2.4);
  for (let spike = 0; spike < 14; spike += 1) {
    const turn = (spike / 14) * Math.PI * 2;
    const tip: Point = [
      caught[0] + Math.cos(turn) * (radius + 6),
      caught[1] + Math.sin(turn) * (radius + 6),
    ];
    drawn +=
      path(
        's1',
        `M${at(caught[0] + Math.cos(turn) * radius)} ${at(caught[1] + Math.sin(turn) * radius)}L${at(tip[0])} ${at(tip[1])}`,
        1.6,
      ) + disc('f1', tip, 2.4);
  }
  return drawn + disc('fx', caught, radius * 0.4);
};
