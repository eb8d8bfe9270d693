import { describe, expect, it } from '@jest/globals';
import { contested, methodsTake, parseMethods, type Methods } from './methods.ts';

function methods(...names: string[]): Methods {
  const parsed = parseMethods(names);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

describe('the methods of a route', () => {
  it('are any where none is named', () => {
    expect(methods()).toEqual({ kind: 'any' });
    expect(methodsTake(methods(), 'PURGE')).toBe(true);
  });

  it('are sorted and without doubles', () => {
    expect(methods('POST', 'GET', 'POST')).toEqual({ kind: 'only', names: ['GET', 'POST'] });
  });

  it('take what is named and nothing else: GET does not imply HEAD', () => {
    expect(methodsTake(methods('GET'), 'GET')).toBe(true);
    expect(methodsTake(methods('GET'), 'HEAD')).toBe(false);
    expect(methodsTake(methods('GET'), 'get')).toBe(false);
  });

  it.each([
    ['get', 'write "GET"'],
    ['CONNECT', 'leave it out'],
    ['', 'use names like'],
    ['G T', 'use names like'],
    ['A'.repeat(21), 'use names like'],
  ])('are refused: %j', (name, remedy) => {
    const parsed = parseMethods(['GET', name]);
    expect(parsed.ok ? [] : parsed.error).toMatchObject([
      { code: 'methods_invalid', pointer: '/methods/1', value: name },
    ]);
    expect(parsed.ok ? '' : parsed.error[0]?.remedy).toContain(remedy);
  });

  it('may be as long as twenty letters', () => {
    expect(parseMethods(['A'.repeat(20)]).ok).toBe(true);
  });

  it.each([
    [methods(), methods(), ['any method']],
    [methods(), methods('GET'), []],
    [methods('GET', 'HEAD'), methods('HEAD', 'POST'), ['HEAD']],
    [methods('GET'), methods('POST'), []],
  ])('%j and %j contest %j', (a, b, expected) => {
    expect(contested(a, b)).toEqual(expected);
    expect(contested(b, a)).toEqual(expected);
  });
});
