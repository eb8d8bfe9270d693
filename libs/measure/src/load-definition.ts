import { pathToFileURL } from 'node:url';
import type { Benchmark } from './benchmark.ts';
import type { Found } from './discover.ts';
import type { Drill } from './drill.ts';

/** @throws Error when the file does not export `benchmark` under the name of the file */
export async function loadBenchmark(found: Found): Promise<Benchmark> {
  const module: unknown = await import(pathToFileURL(found.file).href);
  const benchmark = exported(module, 'benchmark');
  if (isDefinition(benchmark, found.name) && 'wanted' in benchmark) return benchmark as Benchmark;
  throw new Error(`${found.file} should export a benchmark called ${found.name}`);
}

/** @throws Error when the file does not export `drill` under the name of the file */
export async function loadDrill(found: Found): Promise<Drill> {
  const module: unknown = await import(pathToFileURL(found.file).href);
  const drill = exported(module, 'drill');
  if (isDefinition(drill, found.name)) return drill as Drill;
  throw new Error(`${found.file} should export a drill called ${found.name}`);
}

function exported(module: unknown, name: 'benchmark' | 'drill'): unknown {
  return typeof module === 'object' && module !== null && name in module
    ? (module as Record<string, unknown>)[name]
    : undefined;
}

function isDefinition(value: unknown, name: string): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    value.name === name &&
    'summary' in value &&
    'run' in value &&
    typeof value.run === 'function'
  );
}
