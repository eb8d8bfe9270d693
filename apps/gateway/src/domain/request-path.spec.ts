import { describe, expect, it } from '@jest/globals';
import { readRequestPath } from './request-path.ts';

const clear = (...segments: string[]) => ({ kind: 'clear', segments });
const ambiguous = (because: string) => ({ kind: 'ambiguous', because });

describe('the path of a request, as it is matched', () => {
  it.each([
    ['/', clear()],
    ['/a', clear('a')],
    ['/a/b', clear('a', 'b')],
    ['/a/b/', clear('a', 'b')],
    ['/A/b', clear('A', 'b')],
    ['/a?b=/../c//d', clear('a')],
    ['/?x', clear()],
    ['/a/?x', clear('a')],
    ['/%61%2Db', clear('a-b')],
    ['/k%C3%A4se', clear('käse')],
    ['/a%20b', clear('a b')],
    ['/a+b', clear('a+b')],
    ['/a%3Fb', clear('a?b')],
    ['/a%2Fb', clear('a/b')],
    ['/a%5Cb', clear('a\\b')],
    ['/50%25', clear('50%')],
    ['/50%25%20off', clear('50% off')],
    ['/.well-known/jwks.json', clear('.well-known', 'jwks.json')],
    ['/...', clear('...')],
    ['/a/.hidden', clear('a', '.hidden')],
    ['/a;x=1', clear('a;x=1')],
    ['http://site.example/a/b?c', clear('a', 'b')],
    ['HTTPS://site.example:8080', clear()],
    ['http://site.example?x', clear()],
  ])('%s is clear', (target, expected) => {
    expect(readRequestPath(target)).toEqual(expected);
  });

  it.each([
    ['', 'not_a_path'],
    ['*', 'not_a_path'],
    ['a/b', 'not_a_path'],
    ['site.example:443', 'not_a_path'],
    ['ftp://site.example/a', 'not_a_path'],
    ['http:///a', 'not_a_path'],
    ['?x', 'not_a_path'],
    ['//', 'empty_segment'],
    ['//a', 'empty_segment'],
    ['/a//b', 'empty_segment'],
    ['/a/b//', 'empty_segment'],
    ['/a%2F', 'empty_segment'],
    ['/%2Fa', 'empty_segment'],
    ['/a%2F%2Fb', 'empty_segment'],
    ['/./a', 'dot_segment'],
    ['/a/.', 'dot_segment'],
    ['/a/./', 'dot_segment'],
    ['/a/..', 'dot_segment'],
    ['/../a', 'dot_segment'],
    ['/a/../b', 'dot_segment'],
    ['/a/%2e%2E/b', 'dot_segment'],
    ['/a/.%2e/b', 'dot_segment'],
    ['/a/..%2Fb', 'dot_segment'],
    ['/a/b%2F..%2Fc', 'dot_segment'],
    ['/a/..%5Cb', 'dot_segment'],
    ['/a%', 'bad_encoding'],
    ['/a%2', 'bad_encoding'],
    ['/a%zz', 'bad_encoding'],
    ['/%C0%AE%C0%AE/a', 'bad_encoding'],
    ['/%ff', 'bad_encoding'],
    ['/%252e%252e/a', 'double_encoding'],
    ['/a%252Fb', 'double_encoding'],
    ['/a%25255Cb', 'double_encoding'],
    ['/a%2500', 'double_encoding'],
    ['/a%00', 'forbidden_character'],
    ['/a%0d%0ab', 'forbidden_character'],
    ['/a%7f', 'forbidden_character'],
    ['/a b', 'forbidden_character'],
    ['/a\\b', 'forbidden_character'],
    ['/a#b', 'forbidden_character'],
    ['/a\u0000', 'forbidden_character'],
    ['/k\u00e4se', 'forbidden_character'],
  ])('%j is ambiguous: %s', (target, because) => {
    expect(readRequestPath(target)).toEqual(ambiguous(because));
  });
});
