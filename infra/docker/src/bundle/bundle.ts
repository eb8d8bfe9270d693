import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

import type { Program } from './programs.ts';
import { sourcePlaces } from './source-places.ts';

/** Packages with machine code in them: copied as they are. */
const native = ['@node-rs/argon2'];
/** `pg` asks for it and does without. */
const absent = ['pg-native'];

/** Folders that a project's code reads at run time. */
const readAtRunTime = ['migrations', 'templates', 'public', 'sample'];

/** What packages in CommonJS expect of the module that they have been bundled into. */
const commonJs = `import { createRequire as __requireFrom } from 'node:module'; const require = __requireFrom(import.meta.url);`;

/**
 * Writes everything that a program needs into a folder: its entries as `NAME.mjs` with all their packages in them,
 * the files they read, and packages with machine code. The folder is emptied first.
 *
 * @param root of the clone, with its dependencies installed
 * @returns bytes of JavaScript
 */
export async function bundle(program: Program, root: string, folder: string): Promise<number> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const entries = Object.entries(program.entries);
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries.map(([name, file]) => ({
      in: join(root, program.project, file),
      out: name,
    })),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: [...native, ...absent],
    banner: { js: commonJs },
    legalComments: 'linked',
    metafile: true,
    logLevel: 'warning',
    plugins: [sourcePlaces(root)],
  });
  const projects = new Set(
    Object.keys(metafile.inputs)
      .map(projectOf)
      .filter((found) => found !== ''),
  );
  for (const project of projects) await copyReadFiles(join(root, project), join(folder, project));
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) =>
    imports.map(({ path }) => path),
  );
  for (const name of native.filter((found) => imported.includes(found)))
    await copyPackage(name, root, folder);
  return Object.values(metafile.outputs).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** `apps/monolith` for a file of it, nothing for one of a package. */
function projectOf(file: string): string {
  return /^(?:apps|libs|infra)\/[^/]+(?=\/)/.exec(file)?.[0] ?? '';
}

async function copyReadFiles(from: string, to: string): Promise<void> {
  for (const name of readAtRunTime.filter((found) => existsSync(join(from, found))))
    await cp(join(from, name), join(to, name), { recursive: true });
}

/** A package with those of its optional packages that were installed for this platform. */
async function copyPackage(name: string, root: string, folder: string): Promise<void> {
  const siblings = await readdir(join(root, 'node_modules', dirname(name)));
  const base = name.slice(name.indexOf('/') + 1);
  for (const found of siblings.filter((each) => each === base || each.startsWith(`${base}-`))) {
    const path = join('node_modules', dirname(name), found);
    await cp(join(root, path), join(folder, path), { recursive: true });
  }
}
