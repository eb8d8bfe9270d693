import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

export type Kind = 'bench' | 'drill';
export type Found = { name: string; file: string };

const folders: Record<Kind, string> = { bench: 'bench', drill: 'drills' };

/**
 * All `{apps,libs,infra}/<project>/bench/*.bench.ts` (or `drills/*.drill.ts`) below the root, by name.
 *
 * @throws Error when two files have the same name: which one runs would be chance
 */
export async function discover(root: string, kind: Kind): Promise<Found[]> {
  const suffix = `.${kind}.ts`;
  const found: Found[] = [];
  for (const area of ['apps', 'libs', 'infra']) {
    for (const project of await entries(join(root, area))) {
      const folder = join(root, area, project, folders[kind]);
      for (const file of await entries(folder)) {
        if (!file.endsWith(suffix)) continue;
        found.push({ name: basename(file, suffix), file: join(folder, file) });
      }
    }
  }
  found.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const [index, { name, file }] of found.entries()) {
    const other = found[index + 1];
    if (other?.name === name) throw new Error(`two are called ${name}: ${file} and ${other.file}`);
  }
  return found;
}

async function entries(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}
