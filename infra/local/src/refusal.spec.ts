import { describe, expect, it } from '@jest/globals';

import { isDiskFull, Refusal, refusalOf } from './refusal.ts';

const osError = (code: string): Error => Object.assign(new Error(`${code}: something`), { code });

describe('a refusal', () => {
  it.each([
    ['ENOSPC', /^The disk that holds \/data is full: free .* --data\.$/],
    ['EACCES', /^The folder \/data cannot be written by this user: make .* --data\.$/],
    ['EROFS', /cannot be written/],
    ['ENOTDIR', /cannot be written/],
  ])('says %s in one sentence', (code, sentence) => {
    expect(refusalOf(osError(code), '/data').message).toMatch(sentence);
  });

  it.each([
    ['ENOSPC: no space left on device, write', true],
    ['could not write to file "pg_wal/xlogtemp.7": No space left on device', true],
    ['could not extend file "base/16386/16475": wrote only 4096 of 8192 bytes at block 0', true],
    ['connection refused', false],
  ])('knows a full disk: %s', (text, full) => {
    expect(isDiskFull(text)).toBe(full);
  });

  it('keeps what is one already, and the words of anything else', () => {
    const refusal = new Refusal('No.', 2);
    expect(refusalOf(refusal, '/data')).toBe(refusal);
    expect(refusalOf(new Error('odd'), '/data').message).toBe('odd');
    expect(refusalOf('odd', '/data').exitCode).toBe(1);
  });
});
