import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { isAlive, processOf } from '@newscience/embedded-postgres/process-table';

import type { Layout } from './layout.ts';
import { unlessDiskFull, writePrivate } from './private-file.ts';
import { Refusal } from './refusal.ts';

/** A process by its number, and by its command line, because numbers are used again. */
export type KnownProcess = {
  readonly name: string;
  readonly pid: number;
  readonly command: string;
};

export type Lock = {
  /** Notes the processes that run now; the next start ends those that outlived this launcher. */
  readonly note: (processes: readonly KnownProcess[]) => void;
  /** From now on a new start waits for the end of this one instead of being refused. */
  readonly stopping: () => void;
  readonly release: () => void;
};

type LockContent = {
  readonly launcher: KnownProcess;
  readonly processes: readonly KnownProcess[];
  readonly stopping?: boolean;
};

/** A stop takes no longer, by its own deadlines. */
const STOP_MS = 10_000;

/**
 * Takes the data folder for this process. A launcher that is stopping is waited for, and what a killed one left
 * running is ended first.
 *
 * @param say is told what is waited for
 * @throws Refusal where another launcher that is alive holds it
 */
export async function takeLock(
  { lockFile, dataDir }: Layout,
  say: (sentence: string) => void = () => undefined,
): Promise<Lock> {
  const launcher = describeProcess('launcher', process.pid);
  let content: LockContent = { launcher, processes: [] };
  const write = (change: Partial<LockContent>): void => {
    content = { ...content, ...change };
    unlessDiskFull(() => writePrivate(lockFile, `${JSON.stringify(content, null, 2)}\n`));
  };
  const draft = `${lockFile}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(content), { mode: 0o600 });
  try {
    // A link appears at once and with its content, and only for one of two that try together.
    for (let attempt = 0; !tryLink(draft, lockFile); attempt += 1) {
      const held = readLock(lockFile);
      if (held?.stopping === true && runs(held.launcher)) {
        say(`An earlier run (process ${held.launcher.pid}) is stopping: waiting for its end.`);
        await untilGone(held.launcher, Date.now() + STOP_MS);
      }
      if (held !== undefined && (runs(held.launcher) || attempt === 3)) {
        throw new Refusal(
          `New Science already runs on ${dataDir} (process ${held.launcher.pid}): use it, or stop it with Ctrl-C in its terminal (or: kill ${held.launcher.pid}), or start another one with --data and --port.`,
        );
      }
      const left = (held?.processes ?? []).filter(runs);
      if (left.length > 0) {
        say(
          `An earlier run was killed: ending what it left (${left.map(({ name }) => name).join(', ')}).`,
        );
      }
      for (const process of left) await end(process);
      setAside(lockFile);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return {
    note: (processes) => write({ processes }),
    stopping: () => write({ stopping: true }),
    release: () => rmSync(lockFile, { force: true }),
  };
}

/** Describes a process that runs right now. */
export function describeProcess(name: string, pid: number): KnownProcess {
  return { name, pid, command: processOf(pid)?.command ?? '' };
}

/** Whether it is still that process. Windows shows no command lines here, so there the number alone counts. */
function runs({ pid, command }: KnownProcess): boolean {
  if (pid === process.pid || !isAlive(pid)) return false;
  return process.platform === 'win32' || (command !== '' && processOf(pid)?.command === command);
}

/** Services end by themselves when their launcher is gone; this waits for that, and helps. */
async function end(left: KnownProcess): Promise<void> {
  // On Windows the number alone would not be proof enough to end something.
  if (process.platform === 'win32') return;
  process.kill(left.pid, 'SIGTERM');
  if (await untilGone(left, Date.now() + STOP_MS)) return;
  process.kill(left.pid, 'SIGKILL');
  await untilGone(left, Date.now() + STOP_MS);
}

async function untilGone(known: KnownProcess, deadline: number): Promise<boolean> {
  while (runs(known)) {
    if (Date.now() > deadline) return false;
    await sleep(50);
  }
  return true;
}

/** Removes a stale lock, and gives it back if another start has just replaced it by its own. */
function setAside(lockFile: string): void {
  const aside = `${lockFile}.${process.pid}.stale`;
  try {
    renameSync(lockFile, aside);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  const taken = readLock(aside);
  if (taken !== undefined && runs(taken.launcher)) tryLink(aside, lockFile);
  rmSync(aside, { force: true });
}

function isCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** undefined where the file is gone or holds nothing usable (the machine lost power while it was written). */
function readLock(file: string): LockContent | undefined {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isLock(content) ? content : undefined;
  } catch (error) {
    // Another user's: whether that one runs cannot be known, so it is not swept away.
    if (isCode(error, 'EACCES')) throw error;
    return undefined;
  }
}

function isLock(value: unknown): value is LockContent {
  return (
    typeof value === 'object' &&
    value !== null &&
    'launcher' in value &&
    isProcess(value.launcher) &&
    'processes' in value &&
    Array.isArray(value.processes) &&
    value.processes.every(isProcess)
  );
}

function isProcess(value: unknown): value is KnownProcess {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'pid' in value &&
    Number.isInteger(value.pid) &&
    'command' in value &&
    typeof value.command === 'string'
  );
}
