import { describe, expect, it } from '@jest/globals';
import { checkText, replyRefusal } from './comment.ts';

const fine = (text: string, max = 5000) => checkText('/txt', text, max).ok;

describe('a text', () => {
  it('has 1 to 5,000 characters, counted as people do', () => {
    expect([fine(''), fine(' \n '), fine('x')]).toEqual([false, false, true]);
    expect([fine('x'.repeat(5000)), fine('x'.repeat(5001))]).toEqual([true, false]);
    expect([fine('🔭'.repeat(5000)), fine('🔭'.repeat(5001))]).toEqual([true, false]);
    expect(fine(`  ${'x'.repeat(5000)}\n`)).toBe(true);
  });

  it('is kept with LF and without empty ends', () => {
    expect(checkText('/txt', ' a\r\nb\r', 9)).toEqual({ ok: true, value: 'a\nb' });
  });

  it('has no control characters and no broken Unicode', () => {
    expect([fine('a\u0000'), fine('a\u001b[0m'), fine('\ud800'), fine('a\tb\nc')]).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });
});

describe('a reply', () => {
  const parent = { articleId: 1, isReply: false, sts: 'V' } as const;

  it('goes under a visible comment of the same article', () => {
    expect(replyRefusal(parent, 1)).toBeNull();
    expect(replyRefusal(parent, 2)).toBe('comment_not_found');
    expect(replyRefusal(null, 1)).toBe('comment_not_found');
    expect(replyRefusal({ ...parent, sts: 'H' }, 1)).toBe('comment_not_found');
    expect(replyRefusal({ ...parent, sts: 'X' }, 1)).toBe('comment_not_found');
  });

  it('is not answered', () => {
    expect(replyRefusal({ ...parent, isReply: true }, 1)).toBe('comment_reply_too_deep');
  });
});
