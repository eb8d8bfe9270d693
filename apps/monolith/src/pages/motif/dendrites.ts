import { disc, path, ring, smooth } from './svg.ts';
import type { Motif, Point } from './svg.ts';

/** Neuroscience: nerve cells that branch and end in synapses. */
export const dendrites: Motif = ({ between, whole, chance }) => {
  let lines = '';
  let ends = '';

  function branch([x, y]: Point, angle: number, length: number, width: number): void {
    const bend = between(-0.35, 0.35);
    const middle: Point = [
      x + (Math.cos(angle + bend) * length) / 2,
      y + (Math.sin(angle + bend) * length) / 2,
    ];
    const end: Point = [x + Math.cos(angle) * length, y + Math.sin(angle) * length];
    lines += path(
      width > 1.8 ? 's1' : width > 1 ? 's2' : 's3',
      smooth([[x, y], middle, end]),
      width,
    );
    if (length < 19) {
      ends += disc(chance(0.1) ? 'fx' : 'f2', end, between(1.4, 2.6));
      return;
    }
    const twigs = chance(0.12) ? 3 : 2;
    for (let twig = 0; twig < twigs; twig += 1) {
      branch(end, angle + between(-0.75, 0.75), length * between(0.6, 0.78), width * 0.68);
    }
  }

  const cells = whole(2, 3);
  let bodies = '';
  for (let cell = 0; cell < cells; cell += 1) {
    const soma: Point = [((cell + between(0.3, 0.7)) * 320) / cells, between(55, 145)];
    const arms = whole(4, 5);
    const turn = between(0, 6);
    for (let arm = 0; arm < arms; arm += 1) {
      branch(
        soma,
        turn + (arm * Math.PI * 2) / arms + between(-0.3, 0.3),
        between(30, 46),
        between(2.4, 3.4),
      );
    }
    bodies += disc('f1', soma, between(8, 12)) + ring('s2', soma, between(15, 18), 0.9);
  }
  return lines + ends + bodies;
};
