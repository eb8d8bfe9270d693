import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from '@jest/globals';

import { copyMigrations, missingMigrations } from './migrations.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'newscience-migrations-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('copies what a service needs under its next numbers, once', () => {
  writeFileSync(join(folder, '0007_own.sql'), 'SELECT 1;\n');
  expect(copyMigrations(folder, ['bucket', 'delivery'])).toEqual([
    '0008_resilience_bucket.sql',
    '0009_resilience_delivery.sql',
  ]);
  expect(copyMigrations(folder, ['bucket', 'delivery'])).toEqual([]);
  expect(missingMigrations(folder, ['circuit', 'bucket'])).toEqual(['0001_resilience_circuit.sql']);
});

it('notices a copy that was changed', () => {
  const [file = ''] = copyMigrations(folder, ['circuit']);
  writeFileSync(join(folder, file), `${readFileSync(join(folder, file), 'utf8')}-- changed\n`);
  expect(missingMigrations(folder, ['circuit'])).toHaveLength(1);
});
