import type { Figures } from './figures.ts';
import type { Machine } from './machine.ts';
import type { Verdict } from './wanted.ts';

/** The one object that `--json` prints. */
export type Report = { name: string; machine: Machine; figures: Figures; wanted: Verdict[] };

/** The same for people: figures, then what was wanted of them, then the machine. */
export function renderReport({ name, machine, figures, wanted }: Report): string {
  const rows = Object.entries(figures).map(([figure, { unit, min, median, max, rounds }]) => [
    figure,
    number(min),
    number(median),
    number(max),
    unit,
    String(rounds),
  ]);
  const parts = [name];
  if (rows.length > 0) parts.push(table(['', 'min', 'median', 'max', 'unit', 'rounds'], rows));
  if (wanted.length > 0) {
    const verdicts = wanted.map(({ name, measured, limit, unit, holds }) => [
      name,
      measured === null ? 'not measured' : number(measured),
      number(limit),
      unit,
      holds ? 'holds' : 'DOES NOT HOLD',
    ]);
    parts.push(table(['wanted', 'measured', 'limit', 'unit', ''], verdicts));
  }
  const versions = Object.entries(machine.versions).map(([part, version]) => `${part} ${version}`);
  parts.push(
    `${machine.cpu}, ${machine.cores} cores, ${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB, ` +
      `${machine.system}\n${versions.join(', ')}\n`,
  );
  return parts.join('\n\n');
}

/** What happened during a drill, a line each with the seconds since its start. */
export function renderTimeline(timeline: readonly { atMs: number; text: string }[]): string {
  const lines = timeline.map(
    ({ atMs, text }) => `${(atMs / 1000).toFixed(1).padStart(7)} s  ${text}\n`,
  );
  return lines.length === 0 ? '' : `\ntimeline\n${lines.join('')}`;
}

/** Four significant digits, thousands grouped. */
function number(value: number): string {
  const digits = Math.abs(value) >= 1_000 ? 0 : 4;
  return digits === 0
    ? Math.round(value).toLocaleString('en')
    : String(Number(value.toPrecision(digits)));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  return [head, ...rows].map(line).join('\n');
}
