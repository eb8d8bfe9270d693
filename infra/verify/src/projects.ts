import { glob, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Folders, relative to the root, of the projects that declare a target. */
export async function projectsWith(target: string, root: string): Promise<string[]> {
  const folders: string[] = [];
  for await (const file of glob('{apps,libs,infra}/*/project.json', { cwd: root })) {
    const declaration = await readFile(join(root, file), 'utf8');
    if (declaration.includes(`"${target}": {`)) folders.push(dirname(file));
  }
  return folders.sort();
}
