import { join } from 'node:path';
import { Command } from 'commander';
import { audit } from './audit.ts';
import type { Counts } from './counts.ts';
import { close, nx, root, run, runMany, runTests } from './test-run.ts';

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
  results.push(await check(target, nx, runMany(target, { cache })));
}
if (targets.includes('test')) results.push(...(await runTests('test', 'counts.json', { cache })));
close(results);

/** A check of the whole tree counts as one. */
async function check(name: string, bin: string, args: string[]): Promise<Counts> {
  const passed = await run(bin, args);
  if (!passed) process.stdout.write(`${name} failed: see above\n`);
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0, skippedNames: [] };
}
