import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

import { PostgresFaultError } from './fault.ts';

/** An account by its numbers. */
export type Account = { readonly uid: number; readonly gid: number };

/** How PostgreSQL's programs are started so that they run as an account that PostgreSQL accepts (it refuses root). */
export type Identity = {
  /** Set where files have to be handed over to another account. */
  readonly account: Account | undefined;
  /** Puts what is needed before a program: `[file, ...args]` in, `[file, ...args]` out. */
  readonly command: (program: string, args: readonly string[]) => { file: string; args: string[] };
  /** For `spawn`, where no helper program does it. */
  readonly spawnAs: { uid?: number; gid?: number };
};

export type Surroundings = {
  readonly platform: string;
  /** undefined on Windows. */
  readonly uid: number | undefined;
  /** Owner of the data folder, undefined if there is none yet. */
  readonly dataOwner: Account | undefined;
  readonly passwd: string;
  /** Path of util-linux's setpriv, undefined if there is none. */
  readonly setpriv: string | undefined;
  /** This process's effective capabilities as in /proc/self/status. */
  readonly capabilities: bigint;
  /** Whether the account may enter the folders and read the files that PostgreSQL needs. */
  readonly reaches: (account: Account) => boolean;
};

const CAP_DAC_OVERRIDE = 1n;
const CAP_DAC_READ_SEARCH = 2n;

/**
 * Decides how to run PostgreSQL here.
 *
 * - An ordinary user: as that user.
 * - root: as the data folder's owner, else `postgres`, else `nobody`.
 * - root, and that account cannot reach the programs or the data (a clone under a folder of mode 0700):
 *   with the one capability that lets it read past folder modes, and no other.
 *
 * On Linux setpriv also asks the kernel to end PostgreSQL (fast shutdown) when its parent dies, however it dies.
 */
export function planIdentity(here: Surroundings): Identity {
  const helper = here.platform === 'linux' ? here.setpriv : undefined;
  if (here.uid !== 0) {
    if (here.uid !== undefined && here.dataOwner !== undefined && here.dataOwner.uid !== here.uid) {
      throw new PostgresFaultError({
        code: 'not_writable',
        detail: `The database folder belongs to another user (uid ${here.dataOwner.uid}): start as that user, or use another folder.`,
      });
    }
    return { account: undefined, spawnAs: {}, command: through(helper, []) };
  }
  const account = accountFor(here);
  const drop = [
    `--reuid=${account.uid}`,
    `--regid=${account.gid}`,
    '--clear-groups',
    '--no-new-privs',
  ];
  if (here.reaches(account)) {
    return helper === undefined
      ? { account, spawnAs: account, command: through(undefined, []) }
      : { account, spawnAs: {}, command: through(helper, drop) };
  }
  const capability = readingCapability(here.capabilities);
  if (helper === undefined || capability === undefined) {
    throw new PostgresFaultError({
      code: 'no_ordinary_user',
      detail: `PostgreSQL refuses to run as root, and the account with uid ${account.uid} cannot enter this folder: start as an ordinary user, or use a folder that others may enter (chmod o+x).`,
    });
  }
  // Without no_setuid_fixup access(2) ignores capabilities, and PostgreSQL checks its own program with it.
  const reach = [
    `--inh-caps=+${capability}`,
    `--ambient-caps=+${capability}`,
    '--securebits=+no_setuid_fixup',
  ];
  return { account, spawnAs: {}, command: through(helper, [...drop, ...reach]) };
}

function through(helper: string | undefined, options: readonly string[]): Identity['command'] {
  if (helper === undefined) return (program, args) => ({ file: program, args: [...args] });
  return (program, args) => ({
    file: helper,
    args: [...options, '--pdeathsig=INT', '--', program, ...args],
  });
}

function accountFor({ dataOwner, passwd }: Surroundings): Account {
  if (dataOwner !== undefined && dataOwner.uid !== 0) return dataOwner;
  const account =
    accountNamed(passwd, 'postgres') ??
    accountNamed(passwd, '_postgres') ??
    accountNamed(passwd, 'nobody');
  if (account !== undefined) return account;
  throw new PostgresFaultError({
    code: 'no_ordinary_user',
    detail:
      'PostgreSQL refuses to run as root, and there is no account named postgres or nobody: start as an ordinary user.',
  });
}

function accountNamed(passwd: string, name: string): Account | undefined {
  const fields = passwd
    .split('\n')
    .map((line) => line.split(':'))
    .find(([login]) => login === name);
  const uid = Number(fields?.[2]);
  const gid = Number(fields?.[3]);
  return Number.isInteger(uid) && uid > 0 && Number.isInteger(gid) ? { uid, gid } : undefined;
}

function readingCapability(effective: bigint): string | undefined {
  if ((effective & (1n << CAP_DAC_READ_SEARCH)) !== 0n) return 'dac_read_search';
  if ((effective & (1n << CAP_DAC_OVERRIDE)) !== 0n) return 'dac_override';
  return undefined;
}

/**
 * Whether an account may, by modes alone, enter all folders above each path and read the path itself.
 *
 * @param paths absolute; one that does not exist counts as reachable where its folder is
 */
export function reachesAll(account: Account, paths: readonly string[]): boolean {
  return paths.every(
    (path) =>
      allows(account, path, 4) && foldersAbove(path).every((folder) => allows(account, folder, 1)),
  );
}

function foldersAbove(path: string): string[] {
  const folder = dirname(path);
  return folder === path ? [] : [folder, ...foldersAbove(folder)];
}

function allows({ uid, gid }: Account, path: string, bit: 1 | 4): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return true;
  const shift = found.uid === uid ? 6 : found.gid === gid ? 3 : 0;
  return ((found.mode >> shift) & bit) !== 0;
}

/** Looks at this machine: what `planIdentity` decides by. */
export function surroundings(dataDir: string, needed: readonly string[]): Surroundings {
  const found = statSync(dataDir, { throwIfNoEntry: false });
  return {
    platform: process.platform,
    uid: process.getuid?.(),
    dataOwner: found === undefined ? undefined : { uid: found.uid, gid: found.gid },
    passwd: readOr('/etc/passwd', ''),
    setpriv: findSetpriv(),
    capabilities: BigInt(
      `0x${/^CapEff:\s*([0-9a-f]+)/m.exec(readOr('/proc/self/status', ''))?.[1] ?? '0'}`,
    ),
    reaches: (account) => reachesAll(account, [...needed, dataDir]),
  };
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}

function findSetpriv(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/bin'];
  return folders
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, 'setpriv'))
    .find((file) => isExecutable(file) && knowsParentDeath(file));
}

/** util-linux has --pdeathsig since 2.33; busybox's setpriv has less. */
function knowsParentDeath(file: string): boolean {
  const { stdout } = spawnSync(file, ['--version'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [, major = '0', minor = '0'] = /util-linux (\d+)\.(\d+)/.exec(stdout) ?? [];
  return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 33);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
