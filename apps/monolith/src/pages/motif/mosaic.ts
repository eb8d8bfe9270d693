import { disc, path } from './svg.ts';
import type { Motif } from './svg.ts';

/** Archaeology and society: a floor of quarter circles, with a few stones missing. */
export const mosaic: Motif = ({ whole, chance }) => {
  const size = 40;
  const spark = whole(9, 30);
  let drawn = '';
  for (let tile = 0; tile < 40; tile += 1) {
    const [x, y] = [(tile % 8) * size, Math.floor(tile / 8) * size];
    const fill = ['f1', 'f2', 'f3'][whole(0, 2)] ?? 'f3';
    const corner = whole(0, 3);
    if (chance(0.1)) continue;
    if (tile === spark) {
      drawn += disc('fx', [x + 20, y + 20], 20);
      continue;
    }
    if (chance(0.16)) drawn += path(fill, `M${x} ${y}h${size}v${size}h${-size}z`);
    else drawn += path(fill, quarter(corner, x, y, size));
    if (chance(0.3)) drawn += disc('f0', [x + 20, y + 20], 5);
  }
  return drawn;
};

function quarter(corner: number, x: number, y: number, size: number): string {
  const [right, below] = [x + size, y + size];
  const arc = `A${size} ${size} 0 0 1`;
  switch (corner) {
    case 0:
      return `M${x} ${y}H${right}${arc} ${x} ${below}Z`;
    case 1:
      return `M${right} ${y}V${below}${arc} ${x} ${y}Z`;
    case 2:
      return `M${right} ${below}H${x}${arc} ${right} ${y}Z`;
    default:
      return `M${x} ${below}V${y}${arc} ${right} ${below}Z`;
  }
}
