import { at, disc, path } from './svg.ts';
import type { Motif, Point } from './svg.ts';

/** Earth and environment: layers of land and water under a sun. */
export const strata: Motif = ({ between, whole }) => {
  const layers = whole(6, 8);
  const waves = [
    [between(0.008, 0.014), between(0, 6), between(12, 22)],
    [between(0.024, 0.04), between(0, 6), between(3, 7)],
  ] as const;
  let drawn = disc('fx', [between(50, 270), between(34, 58)], between(15, 22));
  for (let layer = 0; layer < layers; layer += 1) {
    const base = 66 + (layer * 138) / layers;
    const shift = layer * between(0.25, 0.5);
    const line = Array.from({ length: 21 }, (_, step): Point => {
      const x = step * 16;
      const rise = waves.reduce(
        (sum, [pace, phase, height]) => sum + Math.sin(x * pace + phase + shift) * height,
        0,
      );
      return [x, base + rise * (1 - layer / (layers * 1.6))];
    });
    const edge = line.map(([x, y], step) => `${step === 0 ? 'M' : 'L'}${at(x)} ${at(y)}`).join('');
    const fill = ['f3', 'f2', 'f1', 'f0'][layer % 4] ?? 'f3';
    drawn += path(fill, `${edge}V200H0Z`) + path('s1', edge, layer % 2 === 0 ? 1.2 : 0.6);
  }
  return drawn;
};
