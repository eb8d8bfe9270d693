import { describe, expect, it } from '@jest/globals';
import { add, closingLine, parseCounts } from './counts.ts';

describe('counts of a verification', () => {
  const one = { passed: 3, failed: 0, skipped: 1, skippedNames: ['needs nginx'] };

  it('adds up what the projects left', () => {
    const sum = add([one, { passed: 2, failed: 1, skipped: 0, skippedNames: [] }]);
    expect(sum).toEqual({ passed: 5, failed: 1, skipped: 1, skippedNames: ['needs nginx'] });
    expect(closingLine(sum)).toBe('5 passed, 1 failed, 1 skipped');
  });

  it('reads a counts file back', () => {
    expect(parseCounts(JSON.stringify(one))).toEqual(one);
  });

  it.each([
    '',
    '{',
    'null',
    '7',
    '{"passed":1}',
    '{"passed":-1,"failed":0,"skipped":0,"skippedNames":[]}',
  ])('takes %p for no counts at all', (text) => {
    expect(parseCounts(text)).toBeUndefined();
  });
});
