import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

function measure(...args: string[]) {
  const main = join(import.meta.dirname, 'main.ts');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', main, ...args],
    { encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

const small = ['--rounds', '2', '--requests', '50'];

describe('the command line', () => {
  it('lists benchmarks and drills with their summaries', () => {
    expect(measure('bench', 'list').stdout).toMatch(/^load +The load generator itself/m);
    expect(measure('drill', 'list').status).toBe(0);
  });

  it('prints one JSON object alone on stdout, and progress on stderr', () => {
    const { status, stdout, stderr } = measure('bench', 'load', '--json', '--strict', ...small);
    expect(status).toBe(0);
    const report: unknown = JSON.parse(stdout);
    expect(Object.keys(report ?? {})).toEqual(['name', 'machine', 'figures', 'wanted']);
    expect(report).toMatchObject({
      name: 'load',
      figures: { rate: { unit: 'requests/s', rounds: 2 } },
      wanted: [{ name: 'no request fails', measured: 0, limit: 0, unit: 'requests', holds: true }],
    });
    expect(stderr).toContain('round 2 of 2');
  });

  it('prints a table for people', () => {
    const { stdout } = measure('bench', 'load', ...small);
    expect(stdout).toMatch(/^load\n\n +min +median +max +unit +rounds\nrate /);
    expect(stdout).toContain('holds');
  });

  it.each([
    [['bench', 'nope'], 'No bench is called nope. There are: '],
    [['drill', 'nope'], 'No drill is called nope.'],
    [['bench', 'load', '--rounds', '0'], 'should be a whole number from 1 on'],
    [['bench', 'load', '--set', 'x'], 'should look like name=123'],
    [['bench', 'load', '--set', 'x=1'], 'no parameter is called x; declared: requests'],
    [['bench', 'load', '--requests', 'few'], 'requests should be a number, got few'],
    [['bench'], 'missing required argument'],
  ])('%j says what is wrong', (args, sentence) => {
    const { status, stderr } = measure(...args);
    expect(status).toBe(1);
    expect(stderr).toContain(sentence);
  });

  it.each([['--help'], ['bench', '--help'], ['drill', '--help']])(
    'explains itself: %s',
    (...args) => {
      expect(measure(...args)).toMatchObject({ status: 0 });
    },
  );
});
