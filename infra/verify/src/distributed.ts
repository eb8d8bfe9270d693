import { Command } from 'commander';
import { close, runTests } from './test-run.ts';

new Command('npm run test:distributed --')
  .description(
    'Runs the suites over real engines in containers, and ends with one line of counts. Without a Docker engine each is skipped by name.',
  )
  .parse();

close(await runTests('test-distributed', 'counts.distributed.json', { cache: false }));
