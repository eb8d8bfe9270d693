import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { safeNext } from './safe-next.ts';

describe('safeNext', () => {
  it.each(['/', '/desk', '/articles/a?page=2#comments', '/search?q=caf%C3%A9'])(
    'keeps the path %s',
    (path) => {
      expect(safeNext(path)).toBe(path);
    },
  );

  it.each([
    ['//evil.example'],
    ['/\\evil.example'],
    ['\\\\evil.example'],
    ['https://evil.example/'],
    ['javascript:alert(1)'],
    ['/..//evil.example'],
    ['/.//evil.example'],
    ['/%2e%2e//evil.example'],
    ['/\t/evil.example'],
    ['/\n/evil.example'],
    ['/x\r\nset-cookie: a=b'],
    [' /desk'],
    ['desk'],
    [''],
    [`/${'a'.repeat(500)}`],
    [undefined],
    [['/desk']],
    [7],
  ])('falls back instead of %j', (value) => {
    expect(safeNext(value, '/account')).toBe('/account');
  });

  it('stays on the site whatever it is given', () => {
    const part = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      '%2f',
      '%5c',
      '@',
      ':',
      'evil.example',
      '\t',
      '?',
      '#',
      'a',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const url = new URL(safeNext(`/${parts.join('')}`), 'http://here.example');
        expect(url.origin).toBe('http://here.example');
      }),
      { numRuns: 2000 },
    );
  });
});
