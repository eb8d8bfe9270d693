import { closeSync, ftruncateSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Fault } from '@newscience/service-kit/problem';

/** One line of the report. */
type Reject = { line: number; id?: string; field: string; reason: string; value?: unknown };

/** The report of rejected lines: JSON Lines, one for each fault. The file is made by the first of them. */
export type RejectReport = {
  file: string;
  add: (line: number, id: string | undefined, faults: readonly Fault[]) => void;
  /** Length so far, in bytes. */
  bytes: () => number;
  close: () => void;
};

/** `keep` = the first so many bytes are of an earlier run of the same import, and stay. */
export function rejectReport(file: string, keep: number): RejectReport {
  let handle: number | undefined;
  // Somebody may have taken the earlier run's part away.
  let length = sizeOf(file) >= keep ? keep : 0;
  const opened = (): number => {
    if (handle !== undefined) return handle;
    mkdirSync(dirname(file), { recursive: true });
    handle = openSync(file, 'a');
    ftruncateSync(handle, length);
    return handle;
  };
  return {
    file,
    add: (line, id, faults) => {
      const rejects = faults.map(({ pointer, problem, remedy, value }): Reject => ({
        line,
        ...(id === undefined ? {} : { id }),
        field: pointer.slice(1).replaceAll('/', '.'),
        reason: remedy === undefined ? problem : `${problem}. ${remedy}`,
        ...(value === undefined ? {} : { value }),
      }));
      const text = rejects.map((reject) => `${JSON.stringify(reject)}\n`).join('');
      length += writeSync(opened(), text);
    },
    bytes: () => length,
    close: () => {
      if (handle !== undefined) closeSync(handle);
    },
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
