import { describe, expect, it } from '@jest/globals';
import { clip, countOf, dayOf, momentOf, namesOf } from './wording.ts';

describe('names', () => {
  it.each([
    [[], ''],
    [['A'], 'A'],
    [['A', 'B'], 'A and B'],
    [['A', 'B', 'C'], 'A, B and C'],
    [['A', 'B', 'C', 'D'], 'A, B and 2 others'],
  ])('of %j are %j', (names, text) => {
    expect(namesOf(names)).toBe(text);
  });

  it('are counted in groups of thousands', () => {
    expect(namesOf(Array.from({ length: 1203 }, () => 'X'))).toBe('X, X and 1,201 others');
  });
});

describe('numbers and times', () => {
  it('have one and many', () => {
    expect([0, 1, 2031].map((count) => countOf(count, 'comment', 'comments'))).toEqual([
      '0 comments',
      '1 comment',
      '2,031 comments',
    ]);
  });

  it('are in UTC, whatever the zone of the machine', () => {
    const late = new Date('2004-06-15T23:59:59Z');
    expect(dayOf(late)).toBe('15 June 2004');
    expect(momentOf(late)).toBe('15 June 2004 at 23:59 UTC');
  });
});

describe('a clipped text', () => {
  it('stays as it is up to the limit, and ends at a word above it', () => {
    expect(clip('one two', 7)).toBe('one two');
    expect(clip('one two three', 9)).toBe('one two…');
    expect(clip('one  two\nthree', 20)).toBe('one two three');
  });

  it('cuts a long word, but no character in two', () => {
    expect(clip('abcdefghij', 4)).toBe('abcd…');
    expect(clip('🧬🧬🧬', 3)).toBe('🧬…');
  });
});
