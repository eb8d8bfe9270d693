import { describe, expect, it } from '@jest/globals';
import {
  compareSpecificity,
  firstMismatch,
  MAX_PATTERN_LENGTH,
  MAX_PATTERN_SEGMENTS,
  parsePathPattern,
  patternTakes,
  type PathPattern,
} from './path-pattern.ts';

function pattern(source: string): PathPattern {
  const parsed = parsePathPattern(source);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

function faultsOf(source: string) {
  const parsed = parsePathPattern(source);
  return parsed.ok ? [] : parsed.error;
}

describe('a path pattern', () => {
  it.each([
    '/',
    '/api/v1/search',
    '/articles/:id',
    '/articles/:id/comments/:comment',
    '/*',
    '/a/*',
    '/käse',
    '/a.b-c_d~e',
    '/.well-known/x',
    '/a@b,c;d=e',
    '/😀',
  ])('is read: %s', (source) => {
    expect(faultsOf(source)).toEqual([]);
  });

  it.each([
    ['search', 1, 'starts with "/"', 'write "/search"'],
    ['', 1, 'starts with "/"', 'write "/"'],
    ['/a/', 3, 'ends with "/"', 'leave the last "/" out'],
    ['//', 2, 'empty segment', 'one "/"'],
    ['/a//b', 4, 'empty segment', 'one "/"'],
    ['/a/./b', 4, '"."', 'the path that it leads to'],
    ['/a/../b', 4, '".."', 'the path that it leads to'],
    ['/*/b', 2, 'before the end', ':name'],
    ['/a/b*', 5, '"*" cannot be part', 'alone'],
    ['/a/b:c', 5, '":" cannot be part', 'first character'],
    ['/a/:', 4, 'not a parameter name', 'letters'],
    ['/a/:1st', 4, 'not a parameter name', 'letters'],
    ['/a/{id}', 4, '"{" cannot be part', ':id'],
    ['/a?b=c', 3, '"?" cannot be part', 'leave the query out'],
    ['/a#b', 3, '"#" cannot be part', 'leave the fragment out'],
    ['/a%20b', 3, '"%" cannot be part', 'decoded path'],
    ['/a\\b', 3, '"\\" cannot be part', '"/" between'],
    ['/a b', 3, '" " cannot be part', 'visible'],
    ['/a\u0000b', 3, 'cannot be part', 'visible'],
    ['/a\ud800b', 3, 'cannot be part', 'visible'],
    ['/:id/b/:id', 8, 'named twice', 'its own name'],
  ])(
    'is refused with the place, the problem and the remedy: %s',
    (source, position, problem, remedy) => {
      const [fault] = faultsOf(source);
      expect(fault).toMatchObject({
        code: 'path_invalid',
        pointer: '/path',
        value: source,
        position,
      });
      expect(fault?.problem).toContain(problem);
      expect(fault?.remedy).toContain(remedy);
    },
  );

  it('tells all faults at once', () => {
    expect(faultsOf('/a b/./:1').map(({ position }) => position)).toEqual([3, 6, 8]);
  });

  it('may be as long as the limit, and no longer', () => {
    expect(faultsOf(`/${'a'.repeat(MAX_PATTERN_LENGTH - 1)}`)).toEqual([]);
    expect(faultsOf(`/${'a'.repeat(MAX_PATTERN_LENGTH)}`)).toHaveLength(1);
  });

  it('may have as many segments as the limit, and no more', () => {
    expect(faultsOf('/a'.repeat(MAX_PATTERN_SEGMENTS))).toEqual([]);
    expect(faultsOf('/a'.repeat(MAX_PATTERN_SEGMENTS + 1))).toHaveLength(1);
  });

  it.each([
    ['/', [], true],
    ['/', ['a'], false],
    ['/a/b', ['a', 'b'], true],
    ['/a/b', ['a', 'B'], false],
    ['/a/b', ['a'], false],
    ['/a/b', ['a', 'b', 'c'], false],
    ['/a/:id', ['a', 'anything at all'], true],
    ['/a/:id', ['a'], false],
    ['/a/:id', ['a', 'b', 'c'], false],
    ['/a/*', ['a', 'b'], true],
    ['/a/*', ['a', 'b', 'c', 'd'], true],
    ['/a/*', ['a'], false],
    ['/*', ['a'], true],
    ['/*', [], false],
  ])('%s and the path %j: %s', (source, path, taken) => {
    expect(patternTakes(pattern(source), path)).toBe(taken);
    expect(firstMismatch(pattern(source), path) === undefined).toBe(taken);
  });

  it('is ordered from the left: literal, parameter, "*", and longer before shorter', () => {
    const inOrder = [
      '/a/b/c',
      '/a/b/:x',
      '/a/b/*',
      '/a/b',
      '/a/:x/c',
      '/a/:x/*',
      '/a/:x',
      '/a/*',
      '/a',
      '/:x/b',
      '/:x',
      '/*',
      '/',
    ];
    const sorted = [...inOrder].reverse().map(pattern).sort(compareSpecificity);
    expect(sorted.map(({ source }) => source)).toEqual(inOrder);
  });

  it('has the same shape as one that differs in the names of its parameters alone', () => {
    expect(compareSpecificity(pattern('/a/:x/*'), pattern('/a/:y/*'))).toBe(0);
    expect(compareSpecificity(pattern('/a/:x'), pattern('/a/x'))).toBeGreaterThan(0);
  });
});
