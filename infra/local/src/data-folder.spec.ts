import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openDataFolder } from './data-folder.ts';
import { layoutOf } from './layout.ts';

const nothing = () => undefined;

describe('the data folder', () => {
  let parent = '';
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'newscience-folder-'));
  });
  afterEach(() => {
    rmSync(parent, { recursive: true, force: true });
  });

  it('is made with all the folders above it', async () => {
    const folder = join(parent, 'a', 'b', 'c');
    const lock = await openDataFolder(layoutOf(folder), nothing);
    expect(existsSync(folder)).toBe(true);
    lock.release();
  });

  // Node's recursive mkdir never returns here.
  const proc = existsSync('/proc/self') ? it : it.skip;
  proc('ends with an error where a folder takes no entry at all', async () => {
    await expect(openDataFolder(layoutOf('/proc/newscience'), nothing)).rejects.toThrow(/ENOENT/);
  });
});
