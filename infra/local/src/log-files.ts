import {
  closeSync,
  copyFileSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';

import { unlessDiskFull } from './private-file.ts';

/** Logs of earlier runs that are kept: `.1` is the last one, `.3` the oldest. */
export const keptLogs = 3;

/** Puts the log of the last run aside, so that each run begins with an empty one. */
export function rotateLog(file: string): void {
  if (sizeOf(file) === 0) return;
  rmSync(`${file}.${keptLogs}`, { force: true });
  for (let n = keptLogs - 1; n >= 1; n -= 1) renameIfThere(`${file}.${n}`, `${file}.${n + 1}`);
  renameIfThere(file, `${file}.1`);
}

/**
 * Empties a log that has grown beyond a size, after copying it to `.1` (or without, where the disk is full). Its
 * writers have it open for appending, so they go on at its new end; a line that is written during the copy may be lost.
 */
export function boundLog(file: string, maxBytes: number): void {
  if (sizeOf(file) <= maxBytes) return;
  unlessDiskFull(() => copyFileSync(file, `${file}.1`));
  truncateSync(file, 0);
}

/**
 * The last lines of a log, each at most 400 characters.
 *
 * @param from byte that the part of interest starts at
 */
export function lastLines(file: string, count: number, from = 0): string[] {
  if (sizeOf(file) === 0) return [];
  const log = openSync(file, 'r');
  try {
    const { size } = fstatSync(log);
    const start = Math.max(from > size ? 0 : from, size - 65_536);
    const buffer = Buffer.alloc(size - start);
    readSync(log, buffer, 0, buffer.length, start);
    const lines = buffer
      .toString('utf8')
      .split('\n')
      .filter((line) => line.trim() !== '');
    return lines.slice(-count).map((line) => (line.length > 400 ? `${line.slice(0, 399)}…` : line));
  } finally {
    closeSync(log);
  }
}

/** 0 where there is no such file. */
export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function renameIfThere(from: string, to: string): void {
  if (statSync(from, { throwIfNoEntry: false }) !== undefined) renameSync(from, to);
}
