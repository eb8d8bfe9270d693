/**
 * Fills Node's compile cache with every program of this repository, after an installation. Node strips the types
 * of a source with a parser that takes 30 MB and stays; a process whose sources are all in the cache never loads it.
 *
 * Nothing is run: a module whose first import throws is compiled with all that it imports, and not evaluated.
 */
import { globSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const patterns = [
  '{apps,infra,libs}/*/src/**/{main,migrate,migrate-bus,prepare-databases,provision}.ts',
  'libs/event-bus/src/{postgres,kafka}/*-bus.ts', // imported by the URL's scheme, while a service runs
];
const programs = globSync(patterns, { cwd: root });
const asModule = (text) => `data:text/javascript,${encodeURIComponent(text)}`;
const stop = asModule('throw 0');

for (const program of programs) {
  const { href } = pathToFileURL(`${root}/${program}`);
  // What does not compile says so when it is started, to somebody who reads it.
  await import(asModule(`import '${stop}'; import '${href}';`)).catch(() => undefined);
}
