import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { searchFixture, type SearchFixture } from '../../test/search-fixture.ts';

let fix: SearchFixture;
beforeAll(async () => {
  fix = await searchFixture();
});
afterAll(() => fix.end());

describe('search settings', () => {
  it('are those of the start until somebody changes them, for every instance', async () => {
    const second = fix.second();
    expect(await second.getIvl()).toEqual({ ivlMs: 3_600_000, isSet: false });
    expect(await fix.srch.setIvl(0)).toEqual({ ivlMs: 0, isSet: true });
    expect(await second.getIvl()).toEqual({ ivlMs: 0, isSet: true });
    expect(await second.setIvl(5_000)).toEqual({ ivlMs: 5_000, isSet: true });
    expect(await fix.srch.setIvl(null)).toEqual({ ivlMs: 3_600_000, isSet: false });
  });
});

describe('search batch and articles', () => {
  it('leaves every article as it should be at that moment', async () => {
    const sectCd = await fix.art.ensSect('Physics');
    const put = { ttl: 'Embargo', bdy: 'Secret until then.', sectCd, auts: ['Ada'], tops: [] };
    for (const artRef of ['due', 'later']) {
      const made = await fix.art.crtArt({ ...put, artRef }, null);
      if (!made.ok) throw new Error(made.error.detail);
      const scheduled = await fix.art.schArt(artRef, 1, new Date(Date.now() + 3_600_000));
      if (!scheduled.ok) throw new Error(scheduled.error.detail);
    }
    await fix.pool.query("UPDATE art SET emb_ts = '2024-05-01T06:00Z' WHERE art_ref = 'due'");

    expect((await fix.srch.find('secret', 20, null)).ok).toBe(true);
    expect((await fix.art.getArt('due'))?.sts).toBe('E');
    await fix.srch.runBatch('H');

    expect(await fix.art.getArt('due')).toMatchObject({
      sts: 'P',
      pubTs: new Date('2024-05-01T06:00Z'),
      embTs: null,
      rev: 3,
    });
    expect(await fix.art.getArt('later')).toMatchObject({ sts: 'E', pubTs: null, rev: 2 });
    const page = await fix.srch.find('secret', 20, null);
    expect(page.ok && page.value.itms.map(({ hdr }) => hdr.artRef)).toEqual(['due']);
  });

  it('does not change what is in order', async () => {
    const before = await fix.art.getArt('due');
    await fix.srch.runBatch('H');
    expect(await fix.art.getArt('due')).toEqual(before);
  });
});
