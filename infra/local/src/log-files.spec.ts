import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { boundLog, keptLogs, lastLines, rotateLog, sizeOf } from './log-files.ts';

describe('log files', () => {
  let folder: string;
  let log: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'newscience-logs-'));
    log = join(folder, 'a.log');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('keep the last runs and no more', () => {
    for (let run = 1; run <= keptLogs + 2; run += 1) {
      writeFileSync(log, `run ${run}`);
      rotateLog(log);
    }
    expect(existsSync(log)).toBe(false);
    expect([1, 2, 3].map((n) => readFileSync(`${log}.${n}`, 'utf8'))).toEqual([
      'run 5',
      'run 4',
      'run 3',
    ]);
    expect(existsSync(`${log}.${keptLogs + 1}`)).toBe(false);
  });

  it('are not put aside when empty or missing', () => {
    rotateLog(log);
    writeFileSync(log, '');
    rotateLog(log);
    expect(existsSync(`${log}.1`)).toBe(false);
  });

  it('are bounded while they are written', () => {
    writeFileSync(log, 'x'.repeat(100));
    boundLog(log, 100);
    expect(statSync(log).size).toBe(100);
    appendFileSync(log, 'y');
    boundLog(log, 100);
    expect(sizeOf(log)).toBe(0);
    expect(sizeOf(`${log}.1`)).toBe(101);
    appendFileSync(log, 'z');
    expect(readFileSync(log, 'utf8')).toBe('z');
  });

  it('show their last lines, of one run only where asked', () => {
    expect(lastLines(log, 3)).toEqual([]);
    writeFileSync(log, 'a\nb\n\nc\n');
    expect(lastLines(log, 2)).toEqual(['b', 'c']);
    expect(lastLines(log, 9, 4)).toEqual(['c']);
    expect(lastLines(log, 9, 4000)).toEqual(['a', 'b', 'c']);
  });

  it('show long lines and long files cut', () => {
    writeFileSync(log, `${'first\n'.repeat(20_000)}${'x'.repeat(1000)}\n`);
    const [before, last] = lastLines(log, 2);
    expect(before).toBe('first');
    expect(last).toHaveLength(400);
    expect(last).toMatch(/x…$/);
  });
});
