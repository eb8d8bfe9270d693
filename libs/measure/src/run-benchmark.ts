import type { Benchmark } from './benchmark.ts';
import type { Report } from './report.ts';
import { withSession, type SessionOptions } from './session.ts';
import { judge } from './wanted.ts';

const defaultRounds = 3;

export type BenchmarkOptions = Omit<SessionOptions, 'declared'> & {
  /** 1 or more; the benchmark's own default where it is left out. */
  rounds?: number | undefined;
};

/** @throws what the benchmark threw: a benchmark that fails has no result */
export async function runBenchmark(
  benchmark: Benchmark,
  options: BenchmarkOptions,
): Promise<Report> {
  const rounds = options.rounds ?? benchmark.rounds ?? defaultRounds;
  return await withSession(
    { ...options, declared: benchmark },
    async ({ context, figures, machine }) => {
      await benchmark.run({ ...context, rounds });
      return {
        name: benchmark.name,
        machine: machine(),
        figures: figures(),
        wanted: judge(benchmark.wanted, figures()),
      };
    },
  );
}
