import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { programs } from '../src/bundle/programs.ts';
import { root } from './compose-file.ts';

const bundler = join(root, 'infra', 'docker', 'src', 'bundle', 'main.ts');
const node = (file: string, ...args: string[]) =>
  spawnSync(process.execPath, [file, ...args], { encoding: 'utf8', env: {}, cwd: tmpdir() });

describe('a bundle', () => {
  let folder: string;
  beforeAll(() => {
    // Outside of the clone, so that no package is found by chance.
    folder = mkdtempSync(join(tmpdir(), 'bundles-'));
    const made = node(bundler, '--out', folder);
    if (made.status !== 0) throw new Error(made.stderr);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(
    programs.flatMap(({ name, entries }) => Object.keys(entries).map((entry) => [name, entry])),
  )('%s has all that its %s needs to start', (name, entry) => {
    const { status, stderr } = node(join(folder, name, `${entry}.mjs`));
    // Everything is loaded before settings are read; only this one has none.
    expect([status, stderr]).toEqual(
      entry === 'volumes' ? [0, ''] : [78, expect.stringMatching(/settings? (is|are) wrong/)],
    );
  });

  it('brings the files that its sources read, where they are in the clone, and no source', () => {
    for (const file of [
      'templates/home.eta',
      'migrations/0001_accounts.sql',
      'public/robots.txt',
      'sample/articles.jsonl',
    ])
      expect([file, existsSync(join(folder, 'monolith', 'apps', 'monolith', file))]).toEqual([
        file,
        true,
      ]);
    for (const { name } of programs) {
      const files = readdirSync(join(folder, name), { recursive: true, encoding: 'utf8' });
      expect(files.filter((file) => /(?<!\.d)\.ts$/.test(file))).toEqual([]);
    }
  });

  it('is not made of what nobody knows', () => {
    const refused = node(bundler, 'nonsense');
    expect([refused.status, refused.stderr]).toEqual([
      2,
      expect.stringContaining('There are: monolith, gateway,'),
    ]);
  });
});
