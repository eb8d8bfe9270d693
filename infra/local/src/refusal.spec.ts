import { describe, expect, it } from '@jest/globals';

import { Refusal, refusalOf } from './refusal.ts';

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

  it('keeps what is one already, and the words of anything else', () => {
    const refusal = new Refusal('No.', 2);
    expect(refusalOf(refusal, '/data')).toBe(refusal);
    expect(refusalOf(new Error('odd'), '/data').message).toBe('odd');
    expect(refusalOf('odd', '/data').exitCode).toBe(1);
  });
});
