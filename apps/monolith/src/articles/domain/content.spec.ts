import { describe, expect, it } from '@jest/globals';
import type { Content, ContentInput } from './content.ts';
import { checkContent, sameContent } from './content.ts';
import { isReference, isWebLink, limits, normaliseBody } from './text.ts';

const input: ContentInput = {
  ttl: 'Blue',
  bdy: 'Text',
  sectCd: 'space',
  auts: ['Ada'],
  tops: ['Optics'],
};

function kept(over: Partial<ContentInput> = {}): Content {
  const checked = checkContent({ ...input, ...over });
  if (!checked.ok) throw new Error(JSON.stringify(checked.error));
  return checked.value;
}

function pointers(over: Partial<ContentInput>): string[] {
  const checked = checkContent({ ...input, ...over });
  return checked.ok ? [] : checked.error.map(({ pointer }) => pointer);
}

describe('content', () => {
  it('is trimmed, without repeated names, none for nothing', () => {
    expect(
      kept({
        ttl: ' Blue ',
        auts: ['Ada', ' Ada', 'Bob'],
        kick: ' ',
        srcUrl: '',
        kwd: ['sky', 'sky'],
      }),
    ).toMatchObject({
      ttl: 'Blue',
      auts: ['Ada', 'Bob'],
      kick: null,
      srcUrl: null,
      kwd: ['sky'],
      rels: [],
    });
  });

  it.each([
    ['ttl', '/ttl', limits.title],
    ['kick', '/kick', limits.kicker],
    ['smry', '/smry', limits.summary],
    ['typ', '/typ', limits.name],
    ['srcNm', '/srcNm', limits.name],
  ])('takes %s up to its limit', (field, pointer, limit) => {
    expect(pointers({ [field]: 'x'.repeat(limit) })).toEqual([]);
    expect(pointers({ [field]: 'x'.repeat(limit + 1) })).toEqual([pointer]);
  });

  it('takes a body of 524,288 bytes and not of one more, counted as UTF-8', () => {
    expect(pointers({ bdy: 'x'.repeat(524_288) })).toEqual([]);
    expect(pointers({ bdy: 'x'.repeat(524_289) })).toEqual(['/bdy']);
    expect(pointers({ bdy: '₂'.repeat(174_762) + 'xx' })).toEqual([]);
    expect(pointers({ bdy: '₂'.repeat(174_762) + 'xxx' })).toEqual(['/bdy']);
  });

  it('takes as many names as the limit says', () => {
    const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);
    expect(pointers({ auts: names(limits.authors), tops: names(limits.topics) })).toEqual([]);
    expect(pointers({ auts: names(limits.authors + 1), tops: names(limits.topics + 1) })).toEqual([
      '/auts',
      '/tops',
    ]);
  });

  it('names all faults at once', () => {
    const faults = pointers({
      ttl: ' ',
      bdy: 'a\u0000b',
      sectCd: '',
      auts: ['', 'x'.repeat(201)],
      kwd: ['a|b'],
      rels: ['Not An Id'],
      srcUrl: 'javascript:alert(1)',
      licUrl: 'creativecommons.org',
    });
    expect(faults).toEqual([
      '/ttl',
      '/bdy',
      '/sectCd',
      '/auts/0',
      '/auts/1',
      '/kwd/0',
      '/rels/0',
      '/srcUrl',
      '/licUrl',
    ]);
  });

  it.each(['a\u0000b', 'a\nb', 'a\u001bb', 'a\ud800b'])('refuses %j in one line', (text) => {
    expect(pointers({ ttl: text })).toEqual(['/ttl']);
  });

  it('takes markup as the plain text that it is', () => {
    expect(kept({ ttl: '<script>alert(1)</script>', bdy: '<b>x</b>' })).toMatchObject({
      ttl: '<script>alert(1)</script>',
    });
  });

  it('is the same only when each field is, names in order', () => {
    expect(sameContent(kept(), kept())).toBe(true);
    expect(sameContent(kept({ auts: ['A', 'B'] }), kept({ auts: ['B', 'A'] }))).toBe(false);
    expect(sameContent(kept({ tops: ['A'] }), kept({ tops: ['A', 'B'] }))).toBe(false);
    expect(sameContent(kept({ kick: 'x' }), kept())).toBe(false);
    expect(sameContent(kept({ bdy: 'x' }), kept())).toBe(false);
  });
});

describe('a body', () => {
  it('has paragraphs split by one blank line', () => {
    expect(normaliseBody('\r\n One  \r\n\r\n\n \nTwo\rthree\n\n')).toBe('One\n\nTwo\nthree');
  });

  it('of half a million spaces before a letter does not take quadratic work', () => {
    expect(normaliseBody(`a${' '.repeat(500_000)}b`)).toHaveLength(500_002);
    expect(normaliseBody(`a${'\n'.repeat(500_000)}b`)).toBe('a\n\nb');
  });
});

describe('an id and a link', () => {
  it('have their forms', () => {
    expect(
      ['ns-why-blue', 'plos-pbio.0020188', 'a', '1_2', 'x'.repeat(120)].every(isReference),
    ).toBe(true);
    expect(
      ['', '-a', '.a', 'A', 'a b', 'a/b', 'ä', 'a\u0000', 'x'.repeat(121)].some(isReference),
    ).toBe(false);
    expect(['https://doi.org/10.1371/x', 'http://a.b/?c#d'].every(isWebLink)).toBe(true);
    expect(
      ['javascript:alert(1)', 'data:text/html,x', '//a.b', '/x', 'a.b', ''].some(isWebLink),
    ).toBe(false);
  });
});
