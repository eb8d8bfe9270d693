import { readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Sources find their templates and migrations from `import.meta.dirname`. In a bundle that would be the bundle's
 * folder for all of them; this lets each have the place that it has in the clone, below the bundle's folder.
 *
 * @param root of the clone
 */
export function sourcePlaces(root: string): Plugin {
  return {
    name: 'source-places',
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const place = relative(root, path).split(sep).join('/');
        if (place.startsWith('..') || place.includes('node_modules/')) return undefined;
        const source = await readFile(path, 'utf8');
        if (!source.includes('import.meta')) return undefined;
        return { contents: withPlace(source, place), loader: 'ts', resolveDir: join(path, '..') };
      });
    },
  };
}

/** The source with an `import.meta` that speaks of a file `place` below the folder of the module it ends up in. */
export function withPlace(source: string, place: string): string {
  const own = [
    `import { dirname as __folderOf, join as __joined } from 'node:path';`,
    `import { pathToFileURL as __urlOf } from 'node:url';`,
    `const __file = __joined(import.meta.dirname, ${JSON.stringify(place)});`,
    `const __place = { filename: __file, dirname: __folderOf(__file), url: __urlOf(__file).href };`,
  ];
  return `${own.join(' ')} ${source.replaceAll(/\bimport\.meta\b/g, '__place')}`;
}
