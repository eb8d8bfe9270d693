import { describe, expect, it } from '@jest/globals';
import { isUnchanged } from './conditional.ts';

const date = 'Sun, 01 Mar 2026 12:00:00 GMT';
const later = 'Sun, 01 Mar 2026 12:00:01 GMT';

describe('a condition', () => {
  it('on the tag decides, also among several and weak ones', () => {
    expect(isUnchanged({ 'if-none-match': '"a"' }, '"a"', date)).toBe(true);
    expect(isUnchanged({ 'if-none-match': '"x", W/"a"' }, '"a"', date)).toBe(true);
    expect(isUnchanged({ 'if-none-match': '*' }, '"a"', date)).toBe(true);
    expect(isUnchanged({ 'if-none-match': '"b"', 'if-modified-since': date }, '"a"', date)).toBe(
      false,
    );
  });

  it('on the date wants this very date', () => {
    expect(isUnchanged({ 'if-modified-since': date }, '"a"', date)).toBe(true);
    expect(isUnchanged({ 'if-modified-since': later }, '"a"', date)).toBe(false);
    expect(isUnchanged({ 'if-modified-since': date }, '"a"', null)).toBe(false);
    expect(isUnchanged({}, '"a"', date)).toBe(false);
  });
});
