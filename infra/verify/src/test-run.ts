import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { add, closingLine, parseCounts, type Counts } from './counts.ts';
import { projectsWith } from './projects.ts';

export const root = join(import.meta.dirname, '..', '..', '..');
export const nx = join(root, 'node_modules', 'nx', 'dist', 'bin', 'nx.js');

/** Runs a target of all projects that have it, and adds up what each left in `test-results/COUNTS_FILE`. */
export async function runTests(
  target: string,
  countsFile: string,
  options: { cache: boolean },
): Promise<Counts[]> {
  const projects = await projectsWith(target, root);
  const files = projects.map((project) => join(root, project, 'test-results', countsFile));
  await Promise.all(files.map((file) => rm(file, { force: true })));
  const passed = await run(nx, runMany(target, options));
  const counts = await Promise.all(files.map(readCounts));
  // A project that crashed before it could count, or a run that Nx itself could not do.
  const lost = counts.filter((found) => found === undefined).length;
  const found = counts.filter((found) => found !== undefined);
  const failed = add(found).failed > 0 || passed ? lost : Math.max(lost, 1);
  return [...found, { passed: 0, failed, skipped: 0, skippedNames: [] }];
}

/** Prints what was skipped and the closing line, and settles the exit code. */
export function close(results: readonly Counts[]): void {
  const sum = add(results);
  for (const name of sum.skippedNames) process.stdout.write(`skipped: ${name}\n`);
  process.stdout.write(`${closingLine(sum)}\n`);
  process.exitCode = sum.failed === 0 ? 0 : 1;
}

export function runMany(target: string, { cache }: { cache: boolean }): string[] {
  return ['run-many', '-t', target, '--output-style=stream', ...(cache ? [] : ['--skip-nx-cache'])];
}

/** Whether a tool, run under this Node with its output shown, ended with 0. */
export function run(bin: string, args: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const env = { ...process.env, NX_TUI: 'false' };
    const child = spawn(process.execPath, [bin, ...args], { cwd: root, stdio: 'inherit', env });
    child.on('exit', (code) => resolve(code === 0));
  });
}

async function readCounts(file: string): Promise<Counts | undefined> {
  return readFile(file, 'utf8').then(parseCounts, () => undefined);
}
