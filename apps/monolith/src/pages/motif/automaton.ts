import { path } from './svg.ts';
import type { Motif } from './svg.ts';

const rules = [30, 45, 73, 90, 105, 110, 150];

/** Technology: a cellular automaton, each row computed from the one above. */
export const automaton: Motif = ({ whole, chance }) => {
  const [columns, rows, size] = [32, 20, 10];
  const rule = rules[whole(0, rules.length - 1)] ?? 30;
  let row = Array.from({ length: columns }, () => chance(0.35));
  const sparkAt = [whole(4, rows - 5), whole(6, columns - 7)];
  const d = { f1: '', f2: '', f3: '' };
  for (let y = 0; y < rows; y += 1) {
    const fill = y % 5 === 0 ? 'f1' : y % 5 < 3 ? 'f2' : 'f3';
    for (let x = 0; x < columns; x += 1) {
      if (row[x] !== true) continue;
      let run = 1;
      while (row[x + run] === true) run += 1;
      d[fill] += `M${x * size} ${y * size + 1}h${run * size - 1}v${size - 1}h${1 - run * size}z`;
      x += run;
    }
    row = row.map((own, x) => {
      const left = row[(x + columns - 1) % columns] === true ? 4 : 0;
      const right = row[(x + 1) % columns] === true ? 1 : 0;
      return ((rule >> (left + (own ? 2 : 0) + right)) & 1) === 1;
    });
  }
  const [y, x] = sparkAt;
  const spark = path('fx', `M${(x ?? 0) * size} ${(y ?? 0) * size + 1}h29v19h-29z`);
  return path('f3', d.f3) + path('f2', d.f2) + path('f1', d.f1) + spark;
};
