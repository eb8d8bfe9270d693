import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';

import { root } from './compose-file.ts';

const read = (file: string) => readFileSync(join(root, file), 'utf8');
const step = z.object({ run: z.string().optional(), uses: z.string().optional() });
const workflow = z.object({ jobs: z.record(z.string(), z.object({ steps: z.array(step) })) });

describe("the workflow for users' forges", () => {
  const { jobs } = workflow.parse(parse(read('.github/workflows/ci.yml')));
  const steps = Object.values(jobs).flatMap((job) => job.steps);

  it('runs the commands that the documents give to people', () => {
    const { scripts } = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(read('package.json')));
    const documents = `${read('README.md')}\n${read('CONTRIBUTING.md')}\n${read('infra/docker/README.md')}`;
    const commands = steps.flatMap(({ run }) =>
      run === undefined ? [] : [run.replace(/ --base=.*/, '')],
    );
    expect(commands.length).toBeGreaterThan(2);
    for (const command of commands) {
      expect(documents).toContain(command);
      const [, script = ''] = /^npm (?:run )?(\S+)/.exec(command) ?? [];
      expect(Object.keys(scripts)).toContain(script);
    }
  });

  it('takes pinned actions', () => {
    for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/@v\d+$/);
  });
});

describe('.ci/run', () => {
  let folder: string;
  /** Runs it where npm is a stand-in that says these lines and ends with these codes. */
  const run = (
    test: string,
    distributed: string,
  ): { code: number | null; last: string | undefined } => {
    const npm = `#!/usr/bin/env bash\ncase "$3" in test) ${test} ;; test:distributed) ${distributed} ;; *) exit 9 ;; esac\n`;
    writeFileSync(join(folder, 'bin', 'npm'), npm);
    chmodSync(join(folder, 'bin', 'npm'), 0o755);
    const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}` };
    const { status, stdout } = spawnSync('bash', [join(folder, '.ci', 'run')], {
      env,
      encoding: 'utf8',
    });
    return { code: status, last: stdout.trim().split('\n').at(-1) };
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ci-run-'));
    for (const name of ['bin', '.ci']) mkdirSync(join(folder, name));
    cpSync(join(root, '.ci', 'run'), join(folder, '.ci', 'run'));
    // So that it does not install a browser here.
    writeFileSync(join(folder, 'bin', 'chromium'), '#!/bin/sh\n', { mode: 0o755 });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is a script that can be run', () => {
    expect(() => execFileSync('bash', ['-n', join(root, '.ci', 'run')])).not.toThrow();
  });

  it.each([
    [
      'adds both up',
      '3 passed, 0 failed, 1 skipped',
      0,
      '4 passed, 0 failed, 2 skipped',
      0,
      '7 passed, 0 failed, 3 skipped',
      0,
    ],
    [
      'ends badly where one test failed',
      '3 passed, 1 failed, 0 skipped',
      1,
      '4 passed, 0 failed, 0 skipped',
      0,
      '7 passed, 1 failed, 0 skipped',
      1,
    ],
    [
      'counts a bad end without a failed test',
      '3 passed, 0 failed, 0 skipped',
      0,
      '4 passed, 0 failed, 0 skipped',
      1,
      '7 passed, 1 failed, 0 skipped',
      1,
    ],
    [
      'counts a run that ended without a count',
      '3 passed, 0 failed, 0 skipped',
      0,
      'Killed',
      137,
      '3 passed, 1 failed, 0 skipped',
      1,
    ],
  ])('%s', (_, one, oneCode, other, otherCode, last, code) => {
    const found = run(
      `echo noise; echo "${one}"; exit ${oneCode}`,
      `echo "${other}"; exit ${otherCode}`,
    );
    expect(found).toEqual({ code, last });
  });
});
