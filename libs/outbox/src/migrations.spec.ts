import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { copyMigrations, missingMigrations } from './migrations.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'newscience-outbox-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the migrations of the library in a service', () => {
  it('are copied under the next numbers of the service, once', () => {
    writeFileSync(join(folder, '0007_start.sql'), 'SELECT 1;');
    expect(missingMigrations(folder, ['outbox'])).toEqual(['0001_outbox.sql']);
    expect(copyMigrations(folder, ['outbox'])).toEqual(['0008_outbox.sql']);
    expect(missingMigrations(folder, ['outbox'])).toEqual([]);
    expect(copyMigrations(folder, ['outbox'])).toEqual([]);
    expect(readdirSync(folder)).toEqual(['0007_start.sql', '0008_outbox.sql']);
  });

  it('start at one in an empty folder', () => {
    expect(copyMigrations(folder, ['outbox', 'inbox'])).toEqual([
      '0001_outbox.sql',
      '0002_inbox.sql',
    ]);
  });

  it('are missing where the copy was changed, but not for its line ends', () => {
    copyMigrations(folder, ['outbox']);
    const file = join(folder, '0001_outbox.sql');
    const copy = readFileSync(file, 'utf8');
    writeFileSync(file, copy.replaceAll('\n', '\r\n'));
    expect(missingMigrations(folder, ['outbox'])).toEqual([]);
    writeFileSync(file, copy.replace('bigint', 'integer'));
    expect(missingMigrations(folder, ['outbox'])).toEqual(['0001_outbox.sql']);
  });
});
