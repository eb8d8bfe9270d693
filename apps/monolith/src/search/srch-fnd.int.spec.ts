import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { searchFixture, type SearchFixture } from '../../test/search-fixture.ts';
import type { SrchPg } from './srch-int.ts';

let fix: SearchFixture;
beforeAll(async () => {
  fix = await searchFixture();
  await fix.publish('title', 'Neutrino', 'Something else that is as long as the others are.');
  await fix.publish('body', 'Elsewhere', 'Something about a neutrino that passes the earth.');
  await fix.publish('none', 'Nothing here', 'Not a particle.');
  for (let n = 0; n < 25; n += 1) await fix.publish(`same-${n}`, 'Quasar', 'Far away.');
  await fix.srch.runBatch('D');
});
afterAll(() => fix.end());

async function find(q: string, lim = 20, cur: string | null = null): Promise<SrchPg> {
  const page = await fix.srch.find(q, lim, cur);
  if (!page.ok) throw new Error(page.error.detail);
  return page.value;
}

const refs = (page: SrchPg): string[] => page.itms.map(({ hdr }) => hdr.artRef);

async function all(q: string, lim: number): Promise<string[]> {
  const found: string[] = [];
  let cur: string | null = null;
  do {
    const page: SrchPg = await find(q, lim, cur);
    found.push(...refs(page));
    cur = page.nxt;
  } while (cur !== null);
  return found;
}

describe('search', () => {
  it('finds by stem, whatever the case, title before body', async () => {
    const page = await find('NEUTRINOS');
    expect(refs(page)).toEqual(['title', 'body']);
    expect(page.tot).toBe(2);
    expect(page.nxt).toBeNull();
    expect(page.itms[0]?.scr).toBeGreaterThan(page.itms[1]?.scr ?? Infinity);
  });

  it('finds articles with any of the words, those with more of them first', async () => {
    expect(refs(await find('earth neutrino'))).toEqual(['body', 'title']);
    expect((await find('particle neutrino')).tot).toBe(3);
  });

  it('pages through equal scores without a gap or a double, at every page size', async () => {
    const whole = await all('quasar', 100);
    expect(whole).toHaveLength(25);
    for (const lim of [1, 2, 5, 24, 25, 26]) expect(await all('quasar', lim)).toEqual(whole);
    expect((await find('quasar', 25)).nxt).toBeNull();
    expect((await find('quasar', 24)).nxt).not.toBeNull();
  });

  it('never returns an article that is not published, although the index still has it', async () => {
    for (const n of [3, 4, 24]) {
      const rec = await fix.art.getArt(`same-${n}`);
      await fix.art.wdrArt(`same-${n}`, rec?.rev ?? 0);
    }
    const page = await find('quasar', 100);
    expect(page.tot).toBe(22);
    expect(refs(page)).not.toContain('same-4');
    expect(await all('quasar', 7)).toEqual(refs(page));
  });

  it('refuses a cursor of another search, or none of ours', async () => {
    const { nxt } = await find('quasar', 5);
    for (const [q, cur] of [
      ['neutrino', nxt],
      ['quasar', 'xyz'],
      ['quasar', ''],
    ] as const) {
      expect(await fix.srch.find(q, 5, cur)).toMatchObject({
        ok: false,
        error: { code: 'cursor_invalid' },
      });
    }
  });

  it('finds nothing for stop words, blanks and signs', async () => {
    for (const q of ['', '   ', 'the of', '%', "' OR 1=1 --", '\u0000', '\\', '" AND "']) {
      expect((await find(q)).itms).toEqual([]);
    }
  });

  it('answers any text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (q) => {
        expect((await find(q)).tot).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 200 },
    );
    expect((await find('neutrino '.repeat(100))).tot).toBe(2);
  });
});
