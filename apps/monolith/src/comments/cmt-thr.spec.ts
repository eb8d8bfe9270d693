import { describe, expect, it } from '@jest/globals';
import type { CmtRec } from './cmt-int.ts';
import { threads } from './cmt-thr.ts';

const cmt = (cmtRef: string, parRef: string | null): CmtRec => ({
  cmtId: 1,
  cmtRef,
  artId: 1,
  usrRef: null,
  nm: 'deleted user',
  parRef,
  txt: '',
  sts: 'V',
  crtTs: new Date(0),
});

describe('threads', () => {
  it('group replies below their comment', () => {
    const [a, b, b1, b2, c] = [
      cmt('a', null),
      cmt('b', null),
      cmt('b1', 'b'),
      cmt('b2', 'b'),
      cmt('c', null),
    ];
    expect(threads([a, b, b1, b2, c])).toEqual([
      { top: a, rpls: [] },
      { top: b, rpls: [b1, b2] },
      { top: c, rpls: [] },
    ]);
  });

  it('that began on the page before have no top here', () => {
    const [z1, a] = [cmt('z1', 'z'), cmt('a', null)];
    expect(threads([z1, a])).toEqual([
      { top: null, rpls: [z1] },
      { top: a, rpls: [] },
    ]);
    expect(threads([])).toEqual([]);
  });
});
