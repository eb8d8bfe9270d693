import { disc, ring } from './svg.ts';
import type { Motif, Point } from './svg.ts';

/** For a section that has no picture of its own: two sources of waves that meet. */
export const interference: Motif = ({ between }) => {
  const sources: Point[] = [
    [between(50, 130), between(60, 140)],
    [between(190, 270), between(60, 140)],
  ];
  let drawn = '';
  for (const [index, source] of sources.entries()) {
    for (let radius = 10; radius < 250; radius += 10) {
      drawn += ring(index === 0 ? 's1' : 's2', source, radius, 1.2);
    }
    drawn += disc(index === 0 ? 'fx' : 'f1', source, 6);
  }
  return drawn;
};
