import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { audit } from './audit.ts';
import { add, closingLine, parseCounts, type Counts } from './counts.ts';
import { testedProjects } from './projects.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const nx = join(root, 'node_modules', 'nx', 'dist', 'bin', 'nx.js');

const program = new Command('npm test --')
  .description(
    'Checks formatting, lints, type-checks and tests every project, and ends with one line of counts.',
  )
  .option('--no-cache', 'run everything, whatever ran before')
  .option(
    '--only <targets>',
    'a comma-separated part of audit,format,lint,typecheck,test',
    'audit,format,lint,typecheck,test',
  )
  .parse();
const { cache, only } = program.opts<{ cache: boolean; only: string }>();
const targets = only.split(',');

const results: Counts[] = [];
if (targets.includes('audit')) results.push(await audit(root));
if (targets.includes('format')) {
  results.push(
    await check('format', join(root, 'node_modules', 'prettier', 'bin', 'prettier.cjs'), [
      '--check',
      '--log-level=warn',
      '.',
    ]),
  );
}
for (const target of ['lint', 'typecheck'].filter((name) => targets.includes(name))) {
  results.push(await check(target, nx, runMany(target)));
}
if (targets.includes('test')) results.push(...(await runTests()));

const sum = add(results);
for (const name of sum.skippedNames) process.stdout.write(`skipped: ${name}\n`);
process.stdout.write(`${closingLine(sum)}\n`);
process.exitCode = sum.failed === 0 ? 0 : 1;

/** A check of the whole tree counts as one. */
async function check(name: string, bin: string, args: string[]): Promise<Counts> {
  const passed = await run(bin, args);
  if (!passed) process.stdout.write(`${name} failed: see above\n`);
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0, skippedNames: [] };
}

async function runTests(): Promise<Counts[]> {
  const projects = await testedProjects(root);
  const files = projects.map((project) => join(root, project, 'test-results', 'counts.json'));
  await Promise.all(files.map((file) => rm(file, { force: true })));
  const passed = await run(nx, runMany('test'));
  const counts = await Promise.all(files.map(readCounts));
  // A project that crashed before it could count, or a run that Nx itself could not do.
  const lost = counts.filter((found) => found === undefined).length;
  const found = counts.filter((found) => found !== undefined);
  const failed = add(found).failed > 0 || passed ? lost : Math.max(lost, 1);
  return [...found, { passed: 0, failed, skipped: 0, skippedNames: [] }];
}

async function readCounts(file: string): Promise<Counts | undefined> {
  return readFile(file, 'utf8').then(parseCounts, () => undefined);
}

function runMany(target: string): string[] {
  return ['run-many', '-t', target, '--output-style=stream', ...(cache ? [] : ['--skip-nx-cache'])];
}

function run(bin: string, args: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const env = { ...process.env, NX_TUI: 'false' };
    const child = spawn(process.execPath, [bin, ...args], { cwd: root, stdio: 'inherit', env });
    child.on('exit', (code) => resolve(code === 0));
  });
}
