import type { Wanted } from './wanted.ts';

/** What a benchmark or drill gets from the runner, whatever it measures. */
export type MeasureContext = {
  /** One reading of a figure; readings of the same name become minimum, median and maximum. */
  record: (figure: string, value: number, unit: string) => void;
  /** Shown on stderr at once: what is being done right now. */
  progress: (text: string) => void;
  /** A version that belongs to the result, or why a peer was left out. */
  version: (part: string, version: string) => void;
  /** Called in reverse order at the end, also after an error or Ctrl-C. */
  cleanUp: (undo: () => unknown) => void;
  /** Value of a declared parameter: `--name value` (or `--set name=value`), or its default. */
  parameter: (name: string) => number;
  /** The word chosen from a declared list, or its default. */
  choice: (name: string) => string;
  /** Aborted by Ctrl-C and SIGTERM; a long step should watch it. */
  signal: AbortSignal;
};

export type BenchmarkContext = MeasureContext & {
  /** How many rounds to measure; peers take turns within each round, so that a slow minute hits all. */
  rounds: number;
};

export type Parameter = { default: number; summary: string };

/** A parameter that is one word of a few. */
export type Choice = { default: string; oneOf: readonly string[]; summary: string };

/** What a benchmark or drill lets the command line set, by name. */
export type Settable = {
  parameters?: Readonly<Record<string, Parameter>>;
  choices?: Readonly<Record<string, Choice>>;
};

export type Benchmark = Settable & {
  /** As given to `npm run bench -- NAME`; the file is `NAME.bench.ts`. */
  name: string;
  /** One line for `list`. */
  summary: string;
  /** Default of `--rounds`; 3 where it is left out. */
  rounds?: number;
  wanted: readonly Wanted[];
  run: (context: BenchmarkContext) => Promise<void>;
};

/** Declares a benchmark; the file exports it as `benchmark`. */
export function defineBenchmark(benchmark: Benchmark): Benchmark {
  return benchmark;
}
