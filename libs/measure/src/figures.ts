import { summarise, type Summary } from './statistics.ts';

export type Figure = Summary & { unit: string };
export type Figures = Readonly<Record<string, Figure>>;

/** Collects readings by figure name, in the order of first appearance. */
export function createFigureBook() {
  const readings = new Map<string, { unit: string; values: number[] }>();
  return {
    record(name: string, value: number, unit: string): void {
      if (!Number.isFinite(value)) {
        throw new RangeError(`${name}: a reading should be a finite number, got ${value}`);
      }
      const entry = readings.get(name) ?? { unit, values: [] };
      if (entry.unit !== unit) {
        throw new RangeError(`${name}: recorded in ${entry.unit} before, now in ${unit}`);
      }
      entry.values.push(value);
      readings.set(name, entry);
    },
    figures(): Figures {
      return Object.fromEntries(
        [...readings].map(([name, { unit, values }]) => [name, { unit, ...summarise(values) }]),
      );
    },
  };
}
