import { join } from 'node:path';

import { dockerIn } from './docker.ts';
import { runCheck } from './program.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');

process.exitCode = await runCheck(process.argv.slice(2), {
  docker: dockerIn(root),
  env: process.env,
  cwd: root,
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
});
