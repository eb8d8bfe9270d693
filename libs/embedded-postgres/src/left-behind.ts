import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { PostgresFaultError } from './fault.ts';
import { pidFilePath, readPidFile } from './pid-file.ts';
import { isAlive, processOf } from './process-table.ts';

const FAST_SHUTDOWN_MS = 15_000;
const IMMEDIATE_SHUTDOWN_MS = 5_000;

/**
 * Clears what an earlier run left on a data folder: a postmaster.pid whose number now belongs to another program
 * (PostgreSQL would refuse to start), or a server that outlived its launcher. That server is shut down, never
 * killed: after a SIGKILL its children could still write while a new server starts.
 *
 * @throws PostgresFaultError `in_use` where the server's launcher is alive, or the server does not stop
 */
export async function clearLeftBehind(dataDir: string): Promise<void> {
  const found = readPidFile(dataDir);
  if (found === undefined) return;
  // Windows tells neither command lines nor parents here; there PostgreSQL judges its own postmaster.pid.
  if (process.platform === 'win32') return;
  const { pid } = found;
  // PostgreSQL itself clears the file of a process that is gone, after checking that no child of it still writes.
  if (!isAlive(pid)) return;
  if (!isServerOf(dataDir, pid)) {
    rmSync(pidFilePath(dataDir), { force: true });
    return;
  }
  const launcher = processOf(pid)?.parent ?? 0;
  if (isLauncher(launcher)) {
    throw new PostgresFaultError({
      code: 'in_use',
      detail: `The database folder ${dataDir} is in use by process ${launcher}: stop that process first, or use another folder.`,
    });
  }
  process.kill(pid, 'SIGINT');
  if (await endedWithin(pid, FAST_SHUTDOWN_MS)) return;
  process.kill(pid, 'SIGQUIT');
  if (await endedWithin(pid, IMMEDIATE_SHUTDOWN_MS)) return;
  throw new PostgresFaultError({
    code: 'in_use',
    detail: `A PostgreSQL server (process ${pid}) that an earlier run left on ${dataDir} does not stop: end that process, then start again.`,
  });
}

function isServerOf(dataDir: string, pid: number): boolean {
  const command = processOf(pid)?.command ?? '';
  return /(^|\/)postgres(\.exe)? /.test(command) && command.includes(`-D ${dataDir}`);
}

/** An orphan belongs to init or to a session's reaper; a server in use belongs to the Node process that started it. */
function isLauncher(pid: number): boolean {
  return pid > 1 && /(^|\/)node(\s|$)/.test(processOf(pid)?.command ?? '');
}

async function endedWithin(pid: number, milliseconds: number): Promise<boolean> {
  const deadline = Date.now() + milliseconds;
  while (isAlive(pid)) {
    if (Date.now() > deadline) return false;
    await sleep(50);
  }
  return true;
}
