import { describe, expect, it } from '@jest/globals';

import { limits } from '../articles/domain/text.ts';
import { NO_SECTION, readLine } from './line.ts';

const now = new Date('2026-03-01T12:00:00Z');
const article = {
  id: 'elife-1.2_a',
  title: 'Why p < 0.05 and a <-> b is no tag',
  authors: ['Ada Lovelace', 'Alan Turing'],
  publishedAt: '2020-02-29',
  body: 'One.\r\n\r\nTwo.',
};

/** Fields and problems of a line. */
function faults(change: object): string[] {
  const read = readLine(JSON.stringify({ ...article, ...change }), now);
  return read.ok ? [] : read.error.map(({ pointer, problem }) => `${pointer} ${problem}`);
}

describe('a line of an import', () => {
  it('needs five fields', () => {
    const read = readLine(JSON.stringify(article), now);
    expect(read.ok && read.value).toMatchObject({
      put: { artRef: 'elife-1.2_a', auts: article.authors, tops: [], rels: [], kick: null },
      sectNm: NO_SECTION,
      pubTs: new Date('2020-02-29T00:00:00Z'),
      ignored: [],
    });
    const none = readLine('{}', now);
    expect(none.ok ? [] : none.error.map(({ pointer }) => pointer)).toEqual([
      '/id',
      '/title',
      '/authors',
      '/publishedAt',
      '/body',
    ]);
  });

  it('has more, and null means none', () => {
    const line = {
      ...article,
      author: 'Ada Lovelace and Alan Turing',
      kicker: 'Numbers',
      summary: null,
      section: 'Space and physics',
      topics: ['Physics'],
      keywords: ['p-values'],
      related: ['elife-2'],
      type: 'News',
      bodyKind: 'full text',
      source: 'eLife',
      url: 'https://elifesciences.org/1',
      licence: 'CC BY 4.0',
      licenceUrl: 'https://creativecommons.org/licenses/by/4.0/',
      institution: 'somewhere',
    };
    const read = readLine(JSON.stringify(line), now);
    expect(read.ok && read.value).toMatchObject({
      put: {
        kick: 'Numbers',
        smry: null,
        tops: ['Physics'],
        kwd: ['p-values'],
        rels: ['elife-2'],
        typ: 'News',
        bdyKnd: 'full text',
        srcNm: 'eLife',
        srcUrl: 'https://elifesciences.org/1',
        licNm: 'CC BY 4.0',
        licUrl: 'https://creativecommons.org/licenses/by/4.0/',
      },
      sectNm: 'Space and physics',
      ignored: ['institution'],
    });
  });

  it.each([
    ['no JSON', '{"id":', / is no JSON: /],
    ['a text', '"x"', / is no JSON object/],
    ['an array', '[]', / is no JSON object/],
    ['null', 'null', / is no JSON object/],
    ['two objects', '{} {}', / is no JSON: /],
  ])('is refused when it is %s', (_name, text, problem) => {
    const read = readLine(text, now);
    expect(read.ok ? '' : `${read.error[0]?.pointer} ${read.error[0]?.problem}`).toMatch(problem);
  });

  it.each([
    ['2020-02-29', []],
    ['2026-03-01', []],
    ['2021-02-29', ['/publishedAt is no date']],
    ['2020-13-01', ['/publishedAt is no date']],
    ['2020-1-1', ['/publishedAt is no date']],
    ['01.02.2020', ['/publishedAt is no date']],
    ['2020-02-29T10:00:00Z', ['/publishedAt is no date']],
    ['', ['/publishedAt is no date']],
    ['2026-03-02', ['/publishedAt is in the future']],
    [20200229, ['/publishedAt is no string']],
    [null, ['/publishedAt is no string']],
  ])('with the date %j has the faults %j', (publishedAt, wanted) => {
    expect(faults({ publishedAt })).toEqual(wanted);
  });

  it.each([
    ['<b>Bold</b>', true],
    ['A <script src=x>', true],
    ['<img src=x onerror="alert(1)">', true],
    ['<br/>', true],
    ['<BR>', true],
    ['</p>', true],
    ['<!-- hidden -->', true],
    ['<!DOCTYPE html>', true],
    ['n<5 and m>3', false],
    ['x < y > z', false],
    ['a <- b -> c', false],
    ['R&D &amp; more', false],
    ['<5>', false],
    ['5 <', false],
  ])('with the title %j is refused: %j', (title, refused) => {
    expect(faults({ title })).toEqual(refused ? ['/title contains an HTML tag'] : []);
  });

  it.each([
    [{ id: 'Upper' }, '/id has the wrong form'],
    [{ id: '../etc' }, '/id has the wrong form'],
    [{ id: 'x'.repeat(limits.reference + 1) }, '/id has the wrong form'],
    [{ id: 7 }, '/id is no string'],
    [{ title: '   ' }, '/title is empty'],
    [{ title: 'x'.repeat(limits.title + 1) }, '/title is too long'],
    [{ title: 'a\nb' }, '/title has control characters or broken Unicode'],
    [{ title: 'a\u0000b' }, '/title has control characters or broken Unicode'],
    [{ title: 'a\ud800' }, '/title has control characters or broken Unicode'],
    [{ authors: [] }, '/authors is too short'],
    [{ authors: 'Ada' }, '/authors is no array'],
    [{ authors: ['Ada', ''] }, '/authors/1 is empty'],
    [{ authors: ['Ada', 5] }, '/authors/1 is no string'],
    [{ body: '' }, '/body is empty'],
    [{ body: '\n \n' }, '/body is empty'],
    [{ body: { text: 'x' } }, '/body is no string'],
    [{ body: 'a\u0007' }, '/body has control characters or broken Unicode'],
    [{ topics: {} }, '/topics is no array'],
    [{ keywords: ['a|b'] }, '/keywords/0 has a |'],
    [{ related: ['No Id'] }, '/related/0 is no article id'],
    [{ url: 'javascript:alert(1)' }, '/url is no web address'],
    [{ licenceUrl: '//x' }, '/licenceUrl is no web address'],
    [{ section: '' }, '/section is empty'],
    [{ kicker: '<i>x</i>' }, '/kicker contains an HTML tag'],
  ])('with %j: %s', (change, wanted) => {
    expect(faults(change)).toEqual([wanted]);
  });

  it('has all its faults named at once, values clipped', () => {
    expect(faults({ id: '', title: '<p>', authors: [], publishedAt: 'x', body: 1 })).toEqual([
      '/id has the wrong form',
      '/title contains an HTML tag',
      '/authors is too short',
      '/publishedAt is no date',
      '/body is no string',
    ]);
    const read = readLine(JSON.stringify({ ...article, title: 'x'.repeat(9999) }), now);
    expect(read.ok ? '' : read.error[0]?.value).toBe(`${'x'.repeat(100)}…`);
  });

  it('has a body of 512 KB at most, counted in bytes as it is kept', () => {
    expect(limits.bodyBytes).toBe(524_288);
    expect(faults({ body: 'x'.repeat(524_288) })).toEqual([]);
    expect(faults({ body: 'x'.repeat(524_289) })).toEqual(['/body is too long']);
    expect(faults({ body: 'é'.repeat(262_144) })).toEqual([]);
    expect(faults({ body: `${'é'.repeat(262_144)}x` })).toEqual(['/body is too long']);
    expect(faults({ body: `${'x'.repeat(524_288)}\r\n\r\n` })).toEqual([]);
  });

  it('is judged quickly however hostile its title is', () => {
    expect(faults({ title: '<!--'.repeat(500_000) })).toEqual(['/title is too long']);
    expect(faults({ title: '<a '.repeat(100) })).toEqual([]);
  });
});
