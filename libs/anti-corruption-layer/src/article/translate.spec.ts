import { describe, expect, it } from '@jest/globals';

import { type ArticleRows, translateArticle } from './translate.ts';

const art = {
  art_id: '7',
  art_ref: 'ns-sky',
  ttl: 'Why the sky is blue',
  kick: null,
  smry: null,
  bdy: 'Because.',
  sect_cd: 'physics',
  sts: 'P',
  pub_ts: '2026-03-02 06:00:00+00',
  wdr_ts: null,
  upd_ts: '2026-03-02 09:12:44.12+00',
  rev: '3',
  typ: 'Article',
  bdy_knd: null,
  src_nm: null,
  src_url: 'https://example.org/',
  lic_nm: null,
  lic_url: null,
  kwd: 'light|air',
};
const rows = (changes: Record<string, string | null> = {}): ArticleRows => ({
  art: { ...art, ...changes },
  sect: { sect_cd: 'physics', sect_nm: 'Physics' },
  authors: [
    { art_id: '7', seq: '10', aut_nm: 'Ben' },
    { art_id: '7', seq: '2', aut_nm: 'Ada' },
  ],
  topics: [],
  related: [{ art_id: '7', seq: '1', rel_ref: 'ns-sunset' }],
});

describe('an article row', () => {
  it('becomes the content of the contract', () => {
    expect(translateArticle(rows())).toEqual({
      ok: true,
      value: {
        status: 'published',
        content: {
          id: 'ns-sky',
          revision: 3,
          title: 'Why the sky is blue',
          kicker: null,
          summary: null,
          body: 'Because.',
          section: { code: 'physics', name: 'Physics' },
          topics: [],
          authors: ['Ada', 'Ben'],
          keywords: ['light', 'air'],
          related: ['ns-sunset'],
          type: 'Article',
          bodyKind: null,
          source: { name: null, url: 'https://example.org/' },
          licence: null,
          publishedAt: '2026-03-02T06:00:00.000Z',
          updatedAt: '2026-03-02T09:12:44.120Z',
        },
      },
    });
  });

  it.each([
    ['D', 'unpublished'],
    ['E', 'unpublished'],
    ['P', 'published'],
    ['W', 'withdrawn'],
  ])('with the status %s is %s', (sts, status) => {
    expect(translateArticle(rows({ sts }))).toMatchObject({ ok: true, value: { status } });
  });

  it('withdrawn without ever having been published was never published', () => {
    const read = translateArticle(rows({ sts: 'W', pub_ts: null }));
    expect(read).toMatchObject({ value: { status: 'unpublished' } });
  });

  it('withdrawn with a content that cannot be told can be withdrawn all the same', () => {
    const read = translateArticle(rows({ sts: 'W', ttl: '' }));
    expect(read).toMatchObject({ ok: true, value: { status: 'unpublished', revision: 3 } });
  });

  it.each([
    ['ttl', ''],
    ['sts', 'Q'],
    ['rev', 'x'],
    ['upd_ts', 'infinity'],
    ['upd_ts', '0044-03-15 12:00:00+00 BC'],
    ['upd_ts', '2026-02-30 12:00:00+00'],
    ['pub_ts', '2026-03-02 06:00:00+01'],
    ['art_ref', 'Not A Slug'],
    ['bdy', null],
  ])('whose %s is %j is rejected, without the value in the reason', (column, value) => {
    const read = translateArticle(rows({ [column]: value }));
    expect(read).toMatchObject({ ok: false, error: { code: 'row_unreadable' } });
    expect(JSON.stringify(read)).not.toContain('Not A Slug');
  });

  it('without its section is rejected', () => {
    const read = translateArticle({ ...rows(), sect: null });
    expect(read).toMatchObject({ ok: false, error: { code: 'reference_missing' } });
  });

  it('with a list that cannot be read is rejected', () => {
    const authors = [{ art_id: '7', seq: 'x', aut_nm: 'Ada' }];
    const read = translateArticle({ ...rows(), authors });
    expect(read).toMatchObject({ ok: false, error: { detail: expect.stringMatching(/art_aut/) } });
  });
});
