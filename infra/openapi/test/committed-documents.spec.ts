import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { expect, it } from '@jest/globals';

const main = join(import.meta.dirname, '../src/main.ts');

it('finds the committed document of each service in step with its code', () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', main, 'check'],
    {
      encoding: 'utf8',
      cwd: join(import.meta.dirname, '../../..'),
    },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
