import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import type { Layout } from './layout.ts';
import { type Lock, takeLock } from './lock.ts';

/**
 * Makes the data folder where there is none, and takes it for this launcher.
 *
 * @throws Refusal where another launcher has it; an error of the operating system where it cannot be written
 */
export async function openDataFolder(
  layout: Layout,
  say: (sentence: string) => void,
): Promise<Lock> {
  const isNew = !existsSync(layout.dataDir);
  makeFolder(layout.dataDir);
  // PostgreSQL may run as another account: it has to pass, and sees nothing.
  if (isNew && process.platform !== 'win32') chmodSync(layout.dataDir, 0o711);
  return takeLock(layout, say);
}

/** Not with `recursive`, which never ends in a folder that says it is there and takes no entry, such as `/proc`. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}

/** Makes the folders inside; only this user may look into them. */
export function makeFolders(layout: Layout, services: readonly string[]): void {
  const folders = [layout.secretsDir, layout.logsDir, layout.mailDir];
  for (const folder of [...folders, ...services.map(layout.serviceDir)]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
}
