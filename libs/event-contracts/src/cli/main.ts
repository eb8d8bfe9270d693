import { join } from 'node:path';

import { runContracts } from './program.ts';

process.exitCode = runContracts(process.argv.slice(2), {
  folder: join(import.meta.dirname, '../..'),
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
});
