import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CmtInt, CmtPg, CmtRec } from '../src/comments/cmt-int.ts';
import { createCmt } from '../src/comments/cmt-mod.ts';
import type { Base } from './articles-site.ts';
import { addPerson, codeOf, content, must, published, startBase } from './articles-site.ts';

let base: Base;
let cmt: CmtInt;
let artId: number;
let n = 0;
let ref: string;

beforeAll(async () => {
  base = await startBase();
  cmt = createCmt({ pool: base.pool, art: base.art, now: () => base.clock.now });
});
afterAll(() => base.close());

beforeEach(async () => {
  n += 1;
  ref = `discussed-${n}`;
  ({ artId } = await published(base, { artRef: ref }));
});
afterEach(() => {
  // Another minute for another test, so that they do not use up each other's turns.
  base.clock.now = new Date(base.clock.now.getTime() + 60_001);
});

const write = async (txt: string, par: CmtRec | null = null, who = base.people.reader) =>
  must(await cmt.addCmt(ref, who.usrId, txt, par?.cmtRef ?? null));
const texts = async (hidden = false) =>
  must(await cmt.lstCmt(artId, 100, null, hidden)).itms.map(({ txt, sts }) =>
    sts === 'V' ? txt : `${sts}:${txt}`,
  );

describe('writing', () => {
  it('needs a published article', async () => {
    const { reader } = base.people;
    const made = must(await base.art.crtArt(content({ artRef: `draft-${n}` }), reader.usrId));
    expect(codeOf(await cmt.addCmt(made.artRef, reader.usrId, 'x', null))).toBe(
      'article_not_found',
    );
    expect(codeOf(await cmt.addCmt('unknown', reader.usrId, 'x', null))).toBe('article_not_found');
    must(await base.art.wdrArt(ref, 2));
    expect(codeOf(await cmt.addCmt(ref, reader.usrId, 'x', null))).toBe('article_withdrawn');
  });

  it('keeps the text and who wrote it, and does not touch the article', async () => {
    const before = await base.pool.query('select xmin, * from art where art_id = $1', [artId]);
    const made = await write(' <b>Bold</b>\r\n');
    expect(made).toMatchObject({
      txt: '<b>Bold</b>',
      nm: 'Reader',
      usrRef: base.people.reader.usrRef,
      parRef: null,
      sts: 'V',
    });
    expect(
      (await base.pool.query('select xmin, * from art where art_id = $1', [artId])).rows,
    ).toEqual(before.rows);
  });

  it('answers a comment, not an answer, and none of another article', async () => {
    const top = await write('top');
    const reply = await write('reply', top);
    const { usrId } = base.people.other;
    expect(reply.parRef).toBe(top.cmtRef);
    expect(codeOf(await cmt.addCmt(ref, usrId, 'x', reply.cmtRef))).toBe('comment_reply_too_deep');
    await published(base, { artRef: `elsewhere-${n}` });
    expect(codeOf(await cmt.addCmt(`elsewhere-${n}`, usrId, 'x', top.cmtRef))).toBe(
      'comment_not_found',
    );
    expect(codeOf(await cmt.addCmt(ref, usrId, 'x', 'no-uuid'))).toBe('comment_not_found');
  });

  it('is bound to ten in any minute per user, whatever comes at once', async () => {
    const eager = await addPerson(base.pool, `Eager ${n}`, 'R');
    const start = base.clock.now;
    const results = await Promise.all(
      Array.from({ length: 15 }, (_, i) => cmt.addCmt(ref, eager.usrId, `t${i}`, null)),
    );
    expect(results.filter(({ ok }) => ok)).toHaveLength(10);
    expect(results.filter(({ ok }) => !ok).map(codeOf)).toEqual(
      Array(5).fill('comment_rate_exceeded'),
    );
    // Deleting gives no turn back.
    const mine = must(await cmt.lstCmt(artId, 1, null)).itms[0]?.cmtRef ?? '';
    must(await cmt.delCmt(mine, eager.usrId));
    base.clock.now = new Date(start.getTime() + 59_999);
    const late = await cmt.addCmt(ref, eager.usrId, 'still', null);
    expect(late).toMatchObject({
      ok: false,
      error: { code: 'comment_rate_exceeded', retryAfterSeconds: 1 },
    });
    expect((await cmt.addCmt(ref, base.people.other.usrId, 'another user may', null)).ok).toBe(
      true,
    );
    base.clock.now = new Date(start.getTime() + 60_000);
    expect((await cmt.addCmt(ref, eager.usrId, 'again', null)).ok).toBe(true);
    base.clock.now = start;
  });
});

describe('the list', () => {
  it('has threads oldest first, each with its replies, at every page size', async () => {
    const a = await write('a');
    const b = await write('b');
    await write('b1', b);
    await write('a1', a);
    await write('c');
    await write('a2', a, base.people.other);
    expect(await texts()).toEqual(['a', 'a1', 'a2', 'b', 'b1', 'c']);
    for (const lim of [1, 2, 5, 6, 7]) {
      const seen: string[] = [];
      let cur: string | null = null;
      do {
        const page: CmtPg = must(await cmt.lstCmt(artId, lim, cur));
        expect(page.tot).toBe(6);
        seen.push(...page.itms.map(({ txt }) => txt));
        cur = page.nxt;
      } while (cur !== null);
      expect(seen).toEqual(['a', 'a1', 'a2', 'b', 'b1', 'c']);
    }
  });

  it('refuses a cursor of another discussion', async () => {
    await write('a');
    await write('b');
    const { nxt } = must(await cmt.lstCmt(artId, 1, null));
    expect(codeOf(await cmt.lstCmt(artId + 1, 1, nxt))).toBe('cursor_invalid');
    expect(codeOf(await cmt.lstCmt(artId, 1, 'x'))).toBe('cursor_invalid');
  });

  it('counts what is visible, per article', async () => {
    const a = await write('a');
    await write('a1', a);
    const gone = await write('gone');
    must(await cmt.hidCmt(gone.cmtRef, base.people.editor.usrId));
    expect(await cmt.cntCmt([artId, 999_999])).toEqual(
      new Map([
        [artId, 2],
        [999_999, 0],
      ]),
    );
    expect(await cmt.cntCmt([])).toEqual(new Map());
  });

  it('names nobody when the account is gone', async () => {
    const leaving = await addPerson(base.pool, `Leaving ${n}`, 'R');
    await write('stays', null, leaving);
    await base.pool.query('delete from usr where usr_id = $1', [leaving.usrId]);
    expect(must(await cmt.lstCmt(artId, 9, null)).itms).toMatchObject([
      { txt: 'stays', nm: 'deleted user', usrRef: null },
    ]);
  });
});

describe('deleting', () => {
  it('is for the writer alone', async () => {
    const a = await write('a');
    expect(codeOf(await cmt.delCmt(a.cmtRef, base.people.editor.usrId))).toBe('comment_not_own');
    must(await cmt.delCmt(a.cmtRef, base.people.reader.usrId));
    expect(codeOf(await cmt.delCmt(a.cmtRef, base.people.reader.usrId))).toBe('comment_not_found');
    expect(await texts()).toEqual([]);
  });

  it('leaves a placeholder above replies, which goes with the last of them', async () => {
    const { reader, other } = base.people;
    const a = await write('secret');
    const [r1, r2] = [await write('r1', a, other), await write('r2', a, other)];
    must(await cmt.delCmt(a.cmtRef, reader.usrId));
    expect(must(await cmt.lstCmt(artId, 9, null)).itms[0]).toMatchObject({
      sts: 'X',
      txt: '',
      nm: 'deleted user',
      usrRef: null,
    });
    expect(codeOf(await cmt.addCmt(ref, reader.usrId, 'x', a.cmtRef))).toBe('comment_not_found');
    must(await cmt.delCmt(r1.cmtRef, other.usrId));
    expect(await texts()).toEqual(['X:', 'r2']);
    must(await cmt.delCmt(r2.cmtRef, other.usrId));
    expect(await texts()).toEqual([]);
    const left = await base.pool.query('select 1 from cmt where art_id = $1', [artId]);
    expect(left.rowCount).toBe(0);
  });

  it('at the moment of an answer loses neither', async () => {
    for (let round = 0; round < 8; round += 1) {
      base.clock.now = new Date(base.clock.now.getTime() + 60_001);
      const top = await write(`top ${round}`);
      const [deleted, reply] = await Promise.all([
        cmt.delCmt(top.cmtRef, base.people.reader.usrId),
        cmt.addCmt(ref, base.people.other.usrId, `reply ${round}`, top.cmtRef),
      ]);
      expect(deleted.ok).toBe(true);
      const shown = await texts();
      if (reply.ok) expect(shown.slice(-2)).toEqual(['X:', `reply ${round}`]);
      else expect(codeOf(reply)).toBe('comment_not_found');
    }
  });
});

describe('reports', () => {
  it('are taken once per user, and not from the writer', async () => {
    const { reader, other, writer } = base.people;
    const a = await write('a');
    expect(codeOf(await cmt.rptCmt(a.cmtRef, reader.usrId, 'x'))).toBe('comment_own_report');
    expect(codeOf(await cmt.rptCmt(a.cmtRef, other.usrId, ' '))).toBe('validation_failed');
    expect(codeOf(await cmt.rptCmt(a.cmtRef, other.usrId, 'x'.repeat(501)))).toBe(
      'validation_failed',
    );
    const both = await Promise.all([
      cmt.rptCmt(a.cmtRef, other.usrId, 'spam'),
      cmt.rptCmt(a.cmtRef, other.usrId, 'spam'),
    ]);
    expect(both.filter(({ ok }) => ok)).toHaveLength(1);
    expect(codeOf(await cmt.rptCmt(a.cmtRef, other.usrId, 'again'))).toBe(
      'comment_already_reported',
    );
    must(await cmt.rptCmt(a.cmtRef, writer.usrId, 'x'.repeat(500)));
    const [open] = await cmt.lstRpt(10);
    expect(open).toMatchObject({
      artRef: ref,
      cnt: 2,
      rsns: ['spam', 'x'.repeat(500)],
      cmt: { txt: 'a' },
    });
  });

  it('are closed by hiding or keeping', async () => {
    const { other, writer, editor } = base.people;
    const [a, b] = [await write('a'), await write('b')];
    must(await cmt.rptCmt(a.cmtRef, other.usrId, 'spam'));
    must(await cmt.rptCmt(b.cmtRef, other.usrId, 'spam'));
    must(await cmt.hidCmt(a.cmtRef, editor.usrId));
    must(await cmt.hidCmt(a.cmtRef, editor.usrId));
    must(await cmt.clrCmt(b.cmtRef));
    expect((await cmt.lstRpt(50)).filter(({ artRef }) => artRef === ref)).toEqual([]);
    expect(await texts()).toEqual(['b']);
    expect(await texts(true)).toEqual(['H:a', 'b']);
    expect(codeOf(await cmt.rptCmt(a.cmtRef, writer.usrId, 'x'))).toBe('comment_not_found');
    must(await cmt.clrCmt(a.cmtRef));
    expect(await texts()).toEqual(['a', 'b']);
    expect(codeOf(await cmt.hidCmt('1b4e28ba-2fa1-41d2-883f-0016d3cca427', editor.usrId))).toBe(
      'comment_not_found',
    );
  });

  it('of a comment that its writer deletes are gone', async () => {
    const a = await write('a');
    await write('reply', a, base.people.other);
    must(await cmt.rptCmt(a.cmtRef, base.people.other.usrId, 'spam'));
    must(await cmt.delCmt(a.cmtRef, base.people.reader.usrId));
    expect((await cmt.lstRpt(50)).filter(({ artRef }) => artRef === ref)).toEqual([]);
  });

  it('leave a placeholder without text for a hidden comment with replies', async () => {
    const a = await write('bad words');
    await write('answer', a, base.people.other);
    must(await cmt.hidCmt(a.cmtRef, base.people.editor.usrId));
    expect(await texts()).toEqual(['H:', 'answer']);
    expect(await texts(true)).toEqual(['H:bad words', 'answer']);
  });
});
