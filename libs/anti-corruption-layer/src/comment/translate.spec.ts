import { describe, expect, it } from '@jest/globals';

import { type CommentRows, translateComment } from './translate.ts';

const ref = '5f0c2b44-0d0b-4a52-9a55-6b7a0f6f9d10';
const usrRef = '0f8fad5b-d9cb-469f-a165-70867728950e';
const rows = (changes: Record<string, string | null> = {}, more: Partial<CommentRows> = {}) => ({
  cmt: {
    cmt_ref: ref,
    usr_id: '4',
    par_id: null,
    txt: 'Why?',
    sts: 'V',
    crt_ts: '2026-03-02 07:15:09.31+00',
    ...changes,
  },
  art: { art_ref: 'ns-sky' },
  parent: null,
  usr: { usr_ref: usrRef, nm: 'Ines' },
  ...more,
});

describe('a comment row', () => {
  it('becomes the content of the contract', () => {
    expect(translateComment(rows())).toEqual({
      ok: true,
      value: {
        status: 'visible',
        content: {
          id: ref,
          articleId: 'ns-sky',
          parentId: null,
          author: { id: usrRef, name: 'Ines' },
          text: 'Why?',
          postedAt: '2026-03-02T07:15:09.310Z',
        },
      },
    });
  });

  it.each([
    ['H', 'hidden', 'Why?'],
    ['X', 'erased', ''],
  ])('with the status %s is %s', (sts, status, txt) => {
    expect(translateComment(rows({ sts, txt }))).toMatchObject({ ok: true, value: { status } });
  });

  it('of a deleted account has no author', () => {
    const read = translateComment(rows({ usr_id: null }, { usr: null }));
    expect(read).toMatchObject({ value: { content: { author: null } } });
  });

  it.each([
    ['article', {}, { art: null }],
    ['writer', {}, { usr: null }],
    ['parent', { par_id: '3' }, {}],
  ])('whose %s is not there is rejected', (_, changes, more) => {
    const read = translateComment(rows(changes, more));
    expect(read).toMatchObject({ ok: false, error: { code: 'reference_missing' } });
  });

  it.each([
    ['txt', ''],
    ['txt', 'x'.repeat(5001)],
    ['crt_ts', 'infinity'],
    ['sts', 'Q'],
  ])('whose %s is bad is rejected', (column, value) => {
    const read = translateComment(rows({ [column]: value }));
    expect(read).toMatchObject({ ok: false, error: { code: 'row_unreadable' } });
  });
});
