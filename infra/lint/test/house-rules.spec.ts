import { execFile } from 'node:child_process';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';

type LintResult = { filePath: string; messages: { ruleId: string | null; message: string }[] };

const fixture = join(import.meta.dirname, '..', 'fixture');
const modules = join(import.meta.dirname, '..', '..', '..', 'node_modules');

/** Each file of the fixture workspace breaks exactly one rule of the house. */
const broken: [file: string, rule: string, because: RegExp][] = [
  ['monolith-uses-new-world.ts', '@nx/enforce-module-boundaries', /scope:monolith/],
  ['app-uses-app.ts', '@nx/enforce-module-boundaries', /type:app|apps/],
  ['app-uses-testing.ts', '@nx/enforce-module-boundaries', /type:app/],
  ['pure-uses-adapter.ts', '@nx/enforce-module-boundaries', /type:pure/],
  ['browser-uses-node.ts', '@nx/enforce-module-boundaries', /runtime:browser/],
  ['domain-uses-library.ts', 'no-restricted-imports', /nothing but itself/],
  ['domain-uses-node.ts', 'no-restricted-imports', /nothing but itself/],
  ['domain-uses-adapter.ts', 'no-restricted-imports', /nothing but itself/],
  ['nested-uses-adapter.ts', 'no-restricted-imports', /nothing but itself/],
  ['domain-reads-clock.ts', 'no-restricted-syntax', /Time comes in/],
  ['domain-rolls-dice.ts', 'no-restricted-syntax', /Chance comes in/],
  ['domain-touches-process.ts', 'no-restricted-globals', /pure/],
  ['domain-waits.ts', 'no-restricted-globals', /pure/],
  ['domain-exports-default.ts', 'no-restricted-syntax', /by name/],
];

const allowed = [
  'eslint.config.mjs',
  'x.ts',
  'spec-uses-testing.spec.ts',
  'clock.ts',
  'nested-uses-parent.ts',
  'rule.ts',
];

describe('house rules', () => {
  let results: LintResult[] = [];

  beforeAll(async () => {
    results = await lintFixture();
  }, 60_000);

  const messagesOf = (file: string) =>
    results
      .filter(({ filePath }) => basename(filePath) === file)
      .flatMap(({ messages }) => messages);

  it.each(broken)('%s breaks %s', (file, rule, because) => {
    const messages = messagesOf(file);
    expect(messages.map(({ ruleId }) => ruleId)).toContain(rule);
    expect(messages.map(({ message }) => message).join('\n')).toMatch(because);
  });

  it.each(allowed)('%s breaks none', (file) => {
    expect(messagesOf(file)).toEqual([]);
  });

  it('judges every file of the fixture', () => {
    const judged = [...broken.map(([file]) => file), ...allowed];
    expect(
      results.map(({ filePath }) => basename(filePath)).filter((file) => !judged.includes(file)),
    ).toEqual([]);
  });
});

/** Without a project graph in the cache the boundary rule skips itself, so Nx reads the fixture first. */
async function lintFixture(): Promise<LintResult[]> {
  await run('nx/dist/bin/nx.js', ['show', 'projects']);
  const { stdout } = await run('eslint/bin/eslint.js', [
    '--no-config-lookup',
    '-c',
    'eslint.config.mjs',
    '--format=json',
    '.',
  ]);
  return JSON.parse(stdout) as LintResult[];
}

function run(bin: string, args: string[]): Promise<{ stdout: string }> {
  const env = { ...process.env, NX_DAEMON: 'false', NODE_OPTIONS: '' };
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [join(modules, bin), ...args],
      { cwd: fixture, maxBuffer: 10_000_000, env },
      (error, stdout, stderr) => {
        // ESLint exits with 1 where it found something, which is what the fixture is for.
        if (stdout === '') reject(new Error(`${bin} said nothing: ${stderr}`, { cause: error }));
        else resolve({ stdout });
      },
    );
  });
}
