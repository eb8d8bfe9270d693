import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What one process has used so far. */
export type ProcessUsage = {
  /** User and system time since its start, in seconds; the kernel counts in steps of 10 ms. */
  cpuSeconds: number;
  /** Resident memory now, in bytes. */
  residentBytes: number;
};

const ticksPerSecond = 100;

/**
 * Reads `/proc` on Linux and asks `ps` elsewhere.
 *
 * @throws Error when there is no such process
 */
export function processUsage(pid: number): ProcessUsage {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

function fromProc(pid: number): ProcessUsage {
  // The name in parentheses may hold spaces: fields count from behind it, "state" being the third.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    residentBytes: Number(resident?.[1] ?? 0) * 1_024,
  };
}

function fromPs(pid: number): ProcessUsage {
  const printed = execFileSync('ps', ['-o', 'time=,rss=', '-p', String(pid)], { encoding: 'utf8' });
  const [time = '', resident = '0'] = printed.trim().split(/\s+/);
  const cpuSeconds = time.split(/[-:]/).reduce((total, part) => total * 60 + Number(part), 0);
  return { cpuSeconds, residentBytes: Number(resident) * 1_024 };
}
