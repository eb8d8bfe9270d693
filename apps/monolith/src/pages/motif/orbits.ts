import { at, disc, ring } from './svg.ts';
import type { Motif, Point } from './svg.ts';

/** Space and physics: orbits around something that is out of the picture or in it, and a sky. */
export const orbits: Motif = ({ between, whole, chance }) => {
  const centre: Point = [between(40, 280), between(30, 170)];
  const flat = between(0.35, 0.95);
  const tilt = between(-40, 40);
  let drawn = '';
  for (let star = 0; star < 26; star += 1) {
    drawn += disc(chance(0.2) ? 'f2' : 'f3', [between(0, 320), between(0, 200)], between(0.5, 1.5));
  }
  let inside = '';
  let radius = between(22, 34);
  const paths = whole(5, 7);
  const sparkOn = whole(1, paths - 1);
  for (let orbit = 0; orbit < paths; orbit += 1) {
    const stroke = orbit % 3 === 0 ? 's1' : orbit % 3 === 1 ? 's2' : 's3';
    inside += `<ellipse class="${stroke}" rx="${at(radius)}" ry="${at(radius * flat)}" stroke-width="${at(between(0.8, 1.8))}"/>`;
    const turn = between(0, Math.PI * 2);
    const place: Point = [Math.cos(turn) * radius, Math.sin(turn) * radius * flat];
    inside += disc(
      orbit === sparkOn ? 'fx' : 'f1',
      place,
      orbit === sparkOn ? 7 : between(2.5, 5.5),
    );
    if (chance(0.3)) inside += ring('s2', place, between(9, 12), 0.8);
    radius += between(16, 34);
  }
  drawn += `<g transform="translate(${at(centre[0])} ${at(centre[1])}) rotate(${at(tilt)})">${inside}${disc('f1', [0, 0], between(11, 17))}</g>`;
  return drawn;
};
