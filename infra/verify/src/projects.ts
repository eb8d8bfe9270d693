import { glob, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Folders, relative to the root, of the projects that declare a `test` target. */
export async function testedProjects(root: string): Promise<string[]> {
  const folders: string[] = [];
  for await (const file of glob('{apps,libs,infra}/*/project.json', { cwd: root })) {
    const declaration = await readFile(join(root, file), 'utf8');
    if (declaration.includes('"test": {')) folders.push(dirname(file));
  }
  return folders.sort();
}
