import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export type Process = { readonly command: string; readonly parent: number };

/** What runs under a process id; undefined if nothing does, or where the platform does not tell (Windows). */
export function processOf(pid: number): Process | undefined {
  try {
    return process.platform === 'linux'
      ? fromProc(pid)
      : process.platform === 'win32'
        ? undefined
        : fromPs(pid);
  } catch {
    return undefined;
  }
}

function fromProc(pid: number): Process | undefined {
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? undefined : { command, parent: Number(parent) };
}

function fromPs(pid: number): Process | undefined {
  const line = execFileSync('ps', ['-p', String(pid), '-o', 'ppid=,command='], {
    encoding: 'utf8',
  }).trim();
  const [, parent, command] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
  return command === undefined ? undefined : { command, parent: Number(parent) };
}

/** Whether a process of this id exists, ours or not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || processOf(pid) !== undefined;
  } catch (error) {
    return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EPERM';
  }
}
