import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { discover } from './discover.ts';
import { loadBenchmark, loadDrill } from './load-definition.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'newscience-discover-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function file(path: string, text = ''): string {
  const full = join(root, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
  return full;
}

describe('discover', () => {
  it('finds benchmarks and drills of apps, libs and infra by the name of their file', async () => {
    const facade = file('apps/gateway/bench/facade.bench.ts');
    const batch = file('libs/x/bench/batch.bench.ts');
    file('apps/gateway/bench/peers.ts');
    file('apps/gateway/src/other.bench.ts');
    const restart = file('infra/local/drills/restart.drill.ts');
    expect(await discover(root, 'bench')).toEqual([
      { name: 'batch', file: batch },
      { name: 'facade', file: facade },
    ]);
    expect(await discover(root, 'drill')).toEqual([{ name: 'restart', file: restart }]);
  });

  it('finds nothing in an empty repository', async () => {
    expect(await discover(root, 'bench')).toEqual([]);
  });

  it('refuses two of one name', async () => {
    file('apps/a/bench/same.bench.ts');
    file('libs/b/bench/same.bench.ts');
    await expect(discover(root, 'bench')).rejects.toThrow('two are called same');
  });
});

describe('loading a definition', () => {
  const benchmark = (name: string) =>
    `export const benchmark = { name: '${name}', summary: '', wanted: [], run: async () => {} };`;

  it('takes the export of the right name', async () => {
    const path = file('apps/a/bench/one.bench.mjs', benchmark('one'));
    expect(await loadBenchmark({ name: 'one', file: path })).toMatchObject({ name: 'one' });
  });

  it.each([
    ['another name', benchmark('two')],
    ['no export', 'export const other = 1;'],
  ])('refuses a file with %s', async (_case, text) => {
    const path = file('apps/a/bench/one.bench.mjs', text);
    await expect(loadBenchmark({ name: 'one', file: path })).rejects.toThrow('should export');
    await expect(loadDrill({ name: 'one', file: path })).rejects.toThrow('should export');
  });
});
