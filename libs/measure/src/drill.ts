import type { MeasureContext, Settable } from './benchmark.ts';
import type { Wanted } from './wanted.ts';

export type DrillContext = MeasureContext & {
  /** An empty folder of this run alone, removed afterwards. */
  folder: string;
  /** A port on 127.0.0.1 that was free just now. */
  freePort: () => Promise<number>;
  /** Something that happened, for the timeline of the result; shown at once like progress. */
  event: (text: string) => void;
  /**
   * States how often an invariant was broken; anything but 0 fails the drill.
   *
   * @param violations a count, 0 or more
   * @param detail shown beside a broken invariant
   */
  invariant: (name: string, violations: number, detail?: string) => void;
};

export type Drill = Settable & {
  /** As given to `npm run drill -- NAME`; the file is `NAME.drill.ts`. */
  name: string;
  /** One line for `list`. */
  summary: string;
  wanted?: readonly Wanted[];
  run: (context: DrillContext) => Promise<void>;
};

/** Declares a drill; the file exports it as `drill`. A drill that checks no invariant fails. */
export function defineDrill(drill: Drill): Drill {
  return drill;
}
