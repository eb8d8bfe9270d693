import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { Binaries } from './binaries.ts';
import { PostgresFaultError } from './fault.ts';
import type { Account, Identity } from './identity.ts';
import { clientAuthentication, settingsFile, type Settings } from './settings.ts';

const run = promisify(execFile);

/** The major version whose data this library reads and writes. */
export const majorVersion = '18';

export type Cluster = { readonly dataDir: string; readonly secretFile: string };

/**
 * Reads the superuser's password, or makes one of 32 random bytes in a new file of mode 0600.
 */
export function superuserSecret(secretFile: string): string {
  if (existsSync(secretFile)) return readFileSync(secretFile, 'utf8').trim();
  const secret = randomBytes(32).toString('base64url');
  writeFileSync(`${secretFile}.new`, `${secret}\n`, { mode: 0o600 });
  renameSync(`${secretFile}.new`, secretFile);
  return secret;
}

/** Makes the data folder where there is none. It appears whole or not at all, so that a kill half-way leaves no ruin. */
export async function ensureCluster(
  cluster: Cluster,
  binaries: Binaries,
  identity: Identity,
  durable: boolean,
): Promise<void> {
  const { dataDir, secretFile } = cluster;
  if (existsSync(join(dataDir, 'PG_VERSION'))) {
    takeOver(dataDir, identity.account);
    return;
  }
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0) {
    throw new PostgresFaultError({
      code: 'incompatible_data',
      detail: `The folder ${dataDir} is not empty and holds no PostgreSQL data: use another folder, or empty it.`,
    });
  }
  const building = `${dataDir}.new`;
  const passwordFile = `${dataDir}.password`;
  rmSync(building, { recursive: true, force: true });
  mkdirSync(building, { mode: 0o700 });
  try {
    writeFileSync(passwordFile, superuserSecret(secretFile), { mode: 0o600 });
    for (const path of [building, passwordFile]) own(path, identity.account);
    await initdb(binaries, identity, building, passwordFile, durable);
    writeOwned(join(building, 'pg_hba.conf'), clientAuthentication, identity.account);
    rmSync(dataDir, { recursive: true, force: true });
    renameSync(building, dataDir);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(building, { recursive: true, force: true });
  }
}

/** The settings live in a file of their own that is written at each start; postgresql.conf stays as initdb made it. */
export function writeSettings(
  dataDir: string,
  port: number,
  settings: Settings,
  account: Account | undefined,
): void {
  const main = join(dataDir, 'postgresql.conf');
  const text = readFileSync(main, 'utf8');
  if (!text.includes("include = 'newscience.conf'"))
    writeOwned(main, `${text}\ninclude = 'newscience.conf'\n`, account);
  writeOwned(join(dataDir, 'newscience.conf'), settingsFile(port, settings), account);
}

async function initdb(
  binaries: Binaries,
  identity: Identity,
  folder: string,
  passwordFile: string,
  durable: boolean,
): Promise<void> {
  const { file, args } = identity.command(binaries.initdb, [
    `--pgdata=${folder}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8', // sorts the same on every machine
    '--no-instructions',
    ...(durable ? [] : ['--no-sync']),
  ]);
  try {
    await run(file, args, {
      ...identity.spawnAs,
      cwd: folder,
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    });
  } catch (error) {
    const said =
      typeof error === 'object' &&
      error !== null &&
      'stderr' in error &&
      typeof error.stderr === 'string'
        ? error.stderr
        : '';
    throw new Error(said === '' ? String(error) : said);
  }
}

/** Data that another account left to root (a copy made by root, say) is handed to the account that runs PostgreSQL. */
function takeOver(dataDir: string, account: Account | undefined): void {
  const version = readFileSync(join(dataDir, 'PG_VERSION'), 'utf8').trim();
  if (version !== majorVersion) {
    throw new PostgresFaultError({
      code: 'incompatible_data',
      detail: `The data in ${dataDir} was written by PostgreSQL ${version}, and this is ${majorVersion}: use another folder, or carry the data over with pg_dump.`,
    });
  }
  if (account !== undefined && statSync(dataDir).uid !== account.uid) {
    for (const entry of readdirSync(dataDir, { recursive: true, encoding: 'utf8' }))
      lchownSync(join(dataDir, entry), account.uid, account.gid);
    chownSync(dataDir, account.uid, account.gid);
  }
  if (process.platform !== 'win32') chmodSync(dataDir, 0o700);
}

function writeOwned(path: string, text: string, account: Account | undefined): void {
  writeFileSync(path, text, { mode: 0o600 });
  own(path, account);
}

function own(path: string, account: Account | undefined): void {
  if (account !== undefined) chownSync(path, account.uid, account.gid);
}
