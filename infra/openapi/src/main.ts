import { join } from 'node:path';

import { Command } from 'commander';

import { checkDocuments, writeDocuments } from './documents.ts';
import type { DocumentOutcome } from './documents.ts';

const apps = join(import.meta.dirname, '../../../apps');

const program = new Command('openapi')
  .description('Keeps apps/*/openapi.yaml in step with apps/*/src/openapi.ts.')
  .showHelpAfterError()
  .option('--apps <folder>', 'the folder with the services', apps);

program
  .command('write')
  .description('writes the documents that have changed')
  .action(async () => report(await writeDocuments(program.opts<{ apps: string }>().apps)));

program
  .command('check')
  .description('compares, writes nothing; exit code 1 when a document is stale or missing')
  .action(async () => report(await checkDocuments(program.opts<{ apps: string }>().apps)));

function report(outcomes: readonly DocumentOutcome[]): void {
  for (const { file, outcome, problem } of outcomes) {
    if (problem === undefined) {
      process.stdout.write(`${file} ${outcome}\n`);
    } else {
      process.stderr.write(`${problem}\n`);
      process.exitCode = 1;
    }
  }
  if (outcomes.length === 0) process.stdout.write('No service has a src/openapi.ts.\n');
}

await program.parseAsync();
