import { describe, expect, it } from '@jest/globals';
import { slugOf } from './slug.ts';

describe('a slug', () => {
  it.each([
    ['Why the sky is blue', 'why-the-sky-is-blue'],
    ['Schrödinger’s  Cat & CO₂!', 'schrodingers-cat-co2'],
    ['Plants, animals and ecology', 'plants-animals-and-ecology'],
    ['光', 'none'],
    ['--', 'none'],
  ])('of %j is %j', (name, slug) => {
    expect(slugOf(name, 80, 'none')).toBe(slug);
  });

  it('ends at a word within the limit', () => {
    expect(slugOf('abc def ghi', 7, 'none')).toBe('abc-def');
    expect(slugOf('abc def ghi', 6, 'none')).toBe('abc');
    expect(slugOf('abcdefghi', 4, 'none')).toBe('abcd');
  });
});
