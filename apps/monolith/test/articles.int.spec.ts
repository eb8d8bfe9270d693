import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ArtFlt, ArtHdr, ArtPg } from '../src/articles/art-int.ts';
import type { Base } from './articles-site.ts';
import { codeOf, content, must, published, startBase } from './articles-site.ts';

let base: Base;

beforeAll(async () => {
  base = await startBase();
});
afterAll(() => base.close());

const day = (n: number) => new Date(Date.UTC(2020, 0, n));

async function walk(flt: ArtFlt, lim: number, between?: () => Promise<unknown>): Promise<ArtHdr[]> {
  const seen: ArtHdr[] = [];
  let cur: string | null = null;
  do {
    const page: ArtPg = must(await base.art.lstArt(flt, lim, cur));
    expect(page.itms.length).toBeLessThanOrEqual(lim);
    seen.push(...page.itms);
    cur = page.nxt;
    if (cur !== null) await between?.();
  } while (cur !== null);
  return seen;
}

describe('writing', () => {
  it('keeps everything that was given, and counts from revision 1', async () => {
    const put = content({
      kick: 'Light',
      smry: 'Short.',
      rels: ['other-one', 'third-one'],
      kwd: ['sky', 'Rayleigh; scattering'],
      typ: 'Feature',
      bdyKnd: 'full text',
      srcNm: 'eLife',
      srcUrl: 'https://doi.org/10.7554/eLife.1',
      licNm: 'CC BY 4.0',
      licUrl: 'https://creativecommons.org/licenses/by/4.0/',
    });
    const made = must(await base.art.crtArt(put, base.people.writer.usrId));
    expect(made).toMatchObject({
      ...put,
      artRef: 'why-the-sky-is-blue',
      sectNm: 'Space and physics',
      rev: 1,
      sts: 'D',
    });
    expect(made).toMatchObject({
      ownUsrId: base.people.writer.usrId,
      pubTs: null,
      crtTs: base.clock.now,
      updTs: base.clock.now,
    });
    expect(await base.art.getArt(made.artRef)).toEqual(made);
    expect(await base.art.getArtById(made.artId)).toEqual(made);
    const hdr = await base.art.getHdr(made.artRef);
    expect({ ...hdr, bdy: made.bdy, rels: made.rels, kwd: made.kwd }).toEqual(made);
  });

  it('gives a second article of the same title another id', async () => {
    const refs = await Promise.all(
      Array.from(
        { length: 12 },
        async () => must(await base.art.crtArt(content({ ttl: 'Twice told' }), null)).artRef,
      ),
    );
    expect(new Set(refs).size).toBe(12);
    expect(refs.every((ref) => ref.startsWith('twice-told'))).toBe(true);
  });

  it('refuses a taken id, an ill-formed one, an unknown section', async () => {
    must(await base.art.crtArt(content({ artRef: 'mine' }), null));
    expect(codeOf(await base.art.crtArt(content({ artRef: 'mine' }), null))).toBe(
      'article_id_taken',
    );
    expect(codeOf(await base.art.crtArt(content({ artRef: '../x' }), null))).toBe(
      'validation_failed',
    );
    expect(codeOf(await base.art.crtArt(content({ sectCd: 'nowhere' }), null))).toBe(
      'article_section_unknown',
    );
  });

  it('replaces content and names, and nothing of it when refused', async () => {
    const made = must(await base.art.crtArt(content({ artRef: 'replace' }), null));
    const changed = must(
      await base.art.updArt(
        'replace',
        content({ ttl: 'New', auts: ['Z'], tops: [], rels: ['a'] }),
        1,
      ),
    );
    expect(changed).toMatchObject({
      artId: made.artId,
      ttl: 'New',
      auts: ['Z'],
      tops: [],
      rels: ['a'],
      rev: 2,
    });
    expect(codeOf(await base.art.updArt('replace', content({ ttl: 'Old base' }), 1))).toBe(
      'article_revision_conflict',
    );
    expect(
      codeOf(await base.art.updArt('replace', content({ ttl: 'x', sectCd: 'nowhere' }), 2)),
    ).toBe('article_section_unknown');
    expect(codeOf(await base.art.updArt('replace', content({ ttl: '' }), 2))).toBe(
      'validation_failed',
    );
    expect(codeOf(await base.art.updArt('unknown', content(), 1))).toBe('article_not_found');
    expect(await base.art.getArt('replace')).toEqual(changed);
  });

  it('lets exactly one of many updates of the same revision win, with its names', async () => {
    must(await base.art.crtArt(content({ artRef: 'race' }), null));
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        base.art.updArt('race', content({ ttl: `T${n}`, auts: [`A${n}`], tops: [`P${n}`] }), 1),
      ),
    );
    const won = results.filter(({ ok }) => ok);
    expect(won).toHaveLength(1);
    expect(results.filter(({ ok }) => !ok).map(codeOf)).toEqual(
      Array(9).fill('article_revision_conflict'),
    );
    const now = await base.art.getArt('race');
    expect(now?.rev).toBe(2);
    expect(won.map(must)).toEqual([now]);
    expect(now?.auts).toEqual([now?.ttl.replace('T', 'A')]);
  });

  it('lets one of publish and withdraw win at once, never both', async () => {
    const made = must(await base.art.crtArt(content({ artRef: 'two-minds' }), null));
    const at = new Date(base.clock.now.getTime() + 60_000);
    must(await base.art.schArt('two-minds', made.rev, at));
    const results = await Promise.all([
      base.art.pubArt('two-minds', 2),
      base.art.wdrArt('two-minds', 2),
    ]);
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
  });

  it('holds 512 KB of body in the database and not a byte more', async () => {
    const full = must(
      await base.art.crtArt(content({ artRef: 'full', bdy: 'x'.repeat(524_288) }), null),
    );
    expect(full.bdy).toHaveLength(524_288);
    await expect(
      base.pool.query('update art set bdy = bdy || $1 where art_ref = $2', ['x', 'full']),
    ).rejects.toThrow('check');
  });

  it('never looks for what the database cannot hold', async () => {
    expect(await base.art.getArt('a\0b')).toBeNull();
    expect(await base.art.getHdr('a\0b')).toBeNull();
    expect(await base.art.getAut('a\0b')).toBeNull();
    expect(await base.art.hasTop('a\0b')).toBe(false);
    expect(must(await base.art.lstArt({ topNm: 'a\0b' }, 5, null))).toEqual({
      itms: [],
      nxt: null,
    });
    const { art } = base;
    const unknown = { ok: false, error: { code: 'article_not_found' } };
    expect(await art.updArt('a\0b', content({}), 1)).toMatchObject(unknown);
    expect(await art.pubArt('a\0b', 1)).toMatchObject(unknown);
    expect(await art.schArt('a\0b', 1, new Date())).toMatchObject(unknown);
    expect(await art.wdrArt('a\0b', 1)).toMatchObject(unknown);
  });
});

describe('standing', () => {
  it('goes from draft over embargo to published and withdrawn', async () => {
    must(await base.art.crtArt(content({ artRef: 'life' }), null));
    const end = new Date(base.clock.now.getTime() + 3_600_000);
    expect(must(await base.art.schArt('life', 1, end))).toMatchObject({
      sts: 'E',
      embTs: end,
      pubTs: null,
      rev: 2,
    });
    expect(must(await base.art.pubArt('life', 2))).toMatchObject({
      sts: 'P',
      embTs: null,
      pubTs: base.clock.now,
      rev: 3,
    });
    expect(must(await base.art.wdrArt('life', 3))).toMatchObject({
      sts: 'W',
      pubTs: base.clock.now,
      wdrTs: base.clock.now,
      rev: 4,
    });
    expect(codeOf(await base.art.updArt('life', content(), 4))).toBe('article_state_conflict');
    expect(must(await base.art.pubArt('life', 4))).toMatchObject({ sts: 'P', wdrTs: null, rev: 5 });
  });
});

describe('lists', () => {
  beforeAll(async () => {
    for (let n = 1; n <= 25; n += 1) {
      await published(
        base,
        {
          artRef: `list-${n}`,
          ttl: `List ${n}`,
          sectCd: n % 2 === 0 ? 'neuroscience' : 'space-and-physics',
          auts: n % 5 === 0 ? ['Five', 'Both'] : ['Both'],
          tops: ['Listed', ...(n % 3 === 0 ? ['Third'] : [])],
        },
        // Several share a moment, so that the id has to decide.
        day(Math.ceil(n / 4)),
      );
    }
    must(
      await base.art.crtArt(
        content({ artRef: 'list-draft', tops: ['Listed'] }),
        base.people.writer.usrId,
      ),
    );
  });

  it('are newest first, whole and without repeats at every page size', async () => {
    const all = await walk({ topNm: 'Listed' }, 100);
    expect(all.map(({ artRef }) => artRef)).toEqual(
      Array.from({ length: 25 }, (_, n) => `list-${25 - n}`),
    );
    for (const lim of [1, 4, 7, 24, 25, 26])
      expect(await walk({ topNm: 'Listed' }, lim)).toEqual(all);
  });

  it('go by section, topic and author, also together', async () => {
    const refs = async (flt: ArtFlt) => (await walk(flt, 3)).map(({ artRef }) => artRef);
    expect(await refs({ topNm: 'Third' })).toEqual(
      ['24', '21', '18', '15', '12', '9', '6', '3'].map((n) => `list-${n}`),
    );
    expect(await refs({ autNm: 'Five' })).toEqual(
      ['25', '20', '15', '10', '5'].map((n) => `list-${n}`),
    );
    expect(await refs({ autNm: 'Five', sectCd: 'neuroscience', topNm: 'Listed' })).toEqual([
      'list-20',
      'list-10',
    ]);
    expect(await refs({ autNm: 'five' })).toEqual([]);
  });

  it('show what is not published only when asked for, by creation', async () => {
    const own = must(
      await base.art.lstArt({ sts: ['D'], ownUsrId: base.people.writer.usrId }, 10, null),
    );
    expect(own.itms.map(({ artRef }) => artRef)).toContain('list-draft');
    expect(own.itms.every(({ sts }) => sts === 'D')).toBe(true);
  });

  it('stay stable while articles are published, withdrawn and changed between the pages', async () => {
    const before = (await walk({ topNm: 'Listed' }, 100)).map(({ artRef }) => artRef);
    let n = 0;
    const seen = await walk({ topNm: 'Listed' }, 4, async () => {
      n += 1;
      await published(base, { artRef: `between-${n}`, tops: ['Listed'] });
      const rec = await base.art.getArt('list-1');
      await base.art.updArt(
        'list-1',
        content({ ttl: `Changed ${n}`, tops: ['Listed'] }),
        rec?.rev ?? 0,
      );
    });
    const refs = seen.map(({ artRef }) => artRef);
    expect(refs).toEqual(before);
    expect(n).toBe(6);
    expect((await walk({ topNm: 'Listed' }, 100)).slice(0, 6).map(({ artRef }) => artRef)).toEqual(
      [6, 5, 4, 3, 2, 1].map((m) => `between-${m}`),
    );
  });

  it('refuse a changed cursor and one of another list', async () => {
    const { nxt } = must(await base.art.lstArt({ topNm: 'Listed' }, 2, null));
    expect(nxt).toMatch(/^[\w-]+$/);
    const cursor = nxt ?? '';
    expect(codeOf(await base.art.lstArt({ topNm: 'Third' }, 2, cursor))).toBe('cursor_invalid');
    expect(codeOf(await base.art.lstArt({ topNm: 'Listed' }, 2, `${cursor.slice(0, -1)}~`))).toBe(
      'cursor_invalid',
    );
    expect(codeOf(await base.art.lstArt({ topNm: 'Listed' }, 2, ''))).toBe('cursor_invalid');
  });

  it('count sections and topics, and sum up an author', async () => {
    const sections = await base.art.lstSect();
    expect(sections.map(({ sectNm }) => sectNm)).toEqual(['Neuroscience', 'Space and physics']);
    expect(sections[0]?.cnt).toBe(12);
    expect((await base.art.lstTop(1))[0]?.topNm).toBe('Listed');
    expect(await base.art.hasTop('Third')).toBe(true);
    expect(await base.art.hasTop('Nothing')).toBe(false);
    expect(await base.art.getAut('Five')).toEqual({
      autNm: 'Five',
      cnt: 5,
      fstTs: day(2),
      lstTs: day(7),
      tops: [
        { topNm: 'Listed', cnt: 5 },
        { topNm: 'Third', cnt: 1 },
      ],
    });
    expect(await base.art.getAut('Nobody')).toBeNull();
  });

  it('find what is new in a section or on a topic, after one moment and up to another', async () => {
    const found = await base.art.lstNew(['neuroscience'], ['Third'], day(2), day(4), 100);
    expect(found.map(({ artRef }) => artRef)).toEqual(
      ['16', '15', '14', '12', '10', '9'].map((n) => `list-${n}`),
    );
  });

  it('keep the order of headers asked for and leave out unknown ones', async () => {
    const [a, b] = await base.art.getHdrsByRef(['list-3', 'nothing', 'list-1']);
    expect([a?.artRef, b?.artRef]).toEqual(['list-3', 'list-1']);
    const byId = await base.art.getHdrs([b?.artId ?? 0, 2_000_000, a?.artId ?? 0]);
    expect(byId.map(({ artRef }) => artRef)).toEqual(['list-1', 'list-3']);
  });
});

describe('sections', () => {
  it('are made once, also by many at the same time, and keep their codes apart', async () => {
    const codes = await Promise.all(Array.from({ length: 8 }, () => base.art.ensSect('Old & new')));
    expect(new Set(codes)).toEqual(new Set(['old-new']));
    expect(await base.art.ensSect('Old new')).toBe('old-new-2');
    expect(await base.art.ensSect('Old & new')).toBe('old-new');
  });
});

describe('import', () => {
  const line = { ...content({ ttl: 'Brought in' }), artRef: 'ext-1.2' };

  it('creates, changes nothing the second time, brings up to date the third', async () => {
    const created = must(await base.art.impArt(line, day(5)));
    expect(created).toMatchObject({ outcome: 'created', rec: { sts: 'P', pubTs: day(5), rev: 1 } });
    expect(must(await base.art.impArt(line, day(5)))).toEqual({
      outcome: 'unchanged',
      rec: created.rec,
    });
    const changed = { ...line, tops: ['Optics'], kwd: ['new'] };
    expect(must(await base.art.impArt(changed, day(6)))).toMatchObject({
      outcome: 'updated',
      rec: { artId: created.rec.artId, rev: 2, pubTs: day(6), tops: ['Optics'], kwd: ['new'] },
    });
  });

  it('leaves a withdrawn article withdrawn and does not touch a draft', async () => {
    const { rev } = (await base.art.getArt('ext-1.2')) ?? { rev: 0 };
    must(await base.art.wdrArt('ext-1.2', rev));
    expect(must(await base.art.impArt(line, day(5))).rec).toMatchObject({
      sts: 'W',
      ttl: 'Brought in',
    });
    must(await base.art.crtArt(content({ artRef: 'mine-alone' }), null));
    expect(codeOf(await base.art.impArt({ ...line, artRef: 'mine-alone' }, day(1)))).toBe(
      'article_state_conflict',
    );
  });

  it('of one line by many at once creates one article', async () => {
    const results = await Promise.all(
      Array.from({ length: 8 }, () => base.art.impArt({ ...line, artRef: 'ext-race' }, day(1))),
    );
    const outcomes = results.map((result) => must(result).outcome).sort();
    expect(outcomes).toEqual(['created', ...Array<string>(7).fill('unchanged')]);
  });

  it('refuses what an article cannot be', async () => {
    expect(codeOf(await base.art.impArt({ ...line, artRef: 'no-text', bdy: ' ' }, day(1)))).toBe(
      'article_incomplete',
    );
    expect(
      codeOf(await base.art.impArt({ ...line, artRef: 'future' }, new Date('2027-01-01'))),
    ).toBe('validation_failed');
    expect(codeOf(await base.art.impArt({ ...line, artRef: 'nowhere', sectCd: 'x' }, day(1)))).toBe(
      'article_section_unknown',
    );
  });
});
