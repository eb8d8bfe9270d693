import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { links, withParameter } from './links.ts';

describe('paths of pages', () => {
  it('carry any name as one segment, and give it back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
        fc.pre(name !== '.' && name !== '..' && name.isWellFormed());
        const { pathname, search, hash } = new URL(links.topic(name), 'http://site.example');
        expect([search, hash]).toEqual(['', '']);
        const [, kind, segment = '', ...rest] = pathname.split('/');
        expect([kind, rest]).toEqual(['topics', []]);
        expect(decodeURIComponent(segment)).toBe(name);
      }),
    );
  });

  it('lead to the log-in and back', () => {
    expect(links.logIn('/')).toBe('/login');
    expect(links.logIn('/topics/a%2Fb?x=1')).toBe('/login?next=%2Ftopics%2Fa%252Fb%3Fx%3D1');
  });
});

describe('one more parameter', () => {
  it.each([
    ['/a', '/a?b=c%26d'],
    ['/a?x=1', '/a?x=1&b=c%26d'],
    ['/a#f', '/a?b=c%26d#f'],
    ['/a?x=1#f', '/a?x=1&b=c%26d#f'],
  ])('on %s is %s', (path, expected) => {
    expect(withParameter(path, 'b', 'c&d')).toBe(expected);
  });
});
