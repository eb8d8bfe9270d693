import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { bundle } from './bundle.ts';
import { programs } from './programs.ts';

/**
 * `node infra/docker/src/bundle/main.ts [NAME...] [--out DIR]`: bundles programs, all of them without a name. Each
 * goes into DIR/NAME; without `--out` into the `dist` folder of its project. Exit code 0, or 1, or 2 for a wrong call.
 * Takes no packages but esbuild.
 */
const root = join(import.meta.dirname, '..', '..', '..', '..');
const { values, positionals } = parseArgs({
  options: { out: { type: 'string' } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !programs.some((program) => program.name === name));
if (unknown.length > 0) {
  const names = programs.map(({ name }) => name).join(', ');
  process.stderr.write(`No program is called ${unknown.join(', ')}. There are: ${names}.\n`);
  process.exitCode = 2;
} else {
  const wanted = programs.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  );
  for (const program of wanted) {
    const { name, project } = program;
    const folder = values.out === undefined ? join(root, project, 'dist') : join(values.out, name);
    const bytes = await bundle(program, root, folder);
    process.stdout.write(`${name}: ${(bytes / 1e6).toFixed(1)} MB in ${folder}\n`);
  }
}
