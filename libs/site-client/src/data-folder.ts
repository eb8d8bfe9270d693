import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Says where a site runs; `npm start` and the compose stack write it into their data folder. */
export const instanceFileName = 'instance.json';

/**
 * The data folder: the one that was named, else `.newscience` in `cwd`, where `npm start` keeps its data. Where that
 * knows of no running site, and the compose stack has written `.newscience-compose`, it is that one.
 */
export function dataFolder(named: string | undefined, cwd: string): string {
  if (named !== undefined) return resolve(cwd, named);
  const [local, compose] = [resolve(cwd, '.newscience'), resolve(cwd, '.newscience-compose')];
  const known = (folder: string): boolean => existsSync(join(folder, instanceFileName));
  return !known(local) && known(compose) ? compose : local;
}
