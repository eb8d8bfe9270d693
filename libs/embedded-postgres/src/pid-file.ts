import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The part of PostgreSQL's postmaster.pid that matters here. */
export type PidFile = { readonly pid: number; readonly port: number; readonly ready: boolean };

export function pidFilePath(dataDir: string): string {
  return join(dataDir, 'postmaster.pid');
}

/** undefined if there is none, or none that holds a process id yet. */
export function readPidFile(dataDir: string): PidFile | undefined {
  try {
    return parsePidFile(readFileSync(pidFilePath(dataDir), 'utf8'));
  } catch {
    return undefined;
  }
}

/** Lines: pid, data directory, start time, port, socket folder, listen address, shared memory, status. */
export function parsePidFile(text: string): PidFile | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  return { pid, port: Number(lines[3] ?? 0), ready: lines[7] === 'ready' };
}
