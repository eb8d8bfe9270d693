import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import type { ArtRec } from '../src/articles/art-int.ts';
import { createCmt } from '../src/comments/cmt-mod.ts';
import type { HitInt } from '../src/most-read/hit-int.ts';
import { createHit, startHitFlush } from '../src/most-read/hit-mod.ts';
import { hitRoutes } from '../src/most-read/routes.ts';
import type { Base } from './articles-site.ts';
import { itemsOf, logger, must, published, startBase, startSite } from './articles-site.ts';

let base: Base;
let hit: HitInt;
let arts: ArtRec[];

beforeAll(async () => {
  base = await startBase();
  arts = [];
  for (const artRef of ['one', 'two', 'three', 'four'])
    arts.push(await published(base, { artRef }));
});
afterAll(() => base.close());

const create = () => createHit({ ...base, logger, now: () => base.clock.now });

beforeEach(async () => {
  await base.pool.query('delete from art_hit');
  base.clock.now = new Date('2026-03-01T12:30:00Z');
  hit = create();
});

const id = (n: number) => arts[n]?.artId ?? 0;
const views = (n: number, times: number) => {
  for (let i = 0; i < times; i += 1) hit.hitArt(id(n));
};
const top = async (win: 'day' | 'all', lim = 10) =>
  (await hit.topArt(win, lim)).map(({ hdr, cnt }) => `${hdr.artRef} ${cnt}`);

describe('counting', () => {
  it('is written in hourly buckets, added to what is there', async () => {
    views(0, 3);
    await hit.flsHit();
    views(0, 2);
    base.clock.now = new Date('2026-03-01T13:00:00Z');
    views(0, 1);
    await hit.flsHit();
    await hit.flsHit();
    const { rows } = await base.pool.query<{ hr_ts: Date; cnt: number }>(
      'select hr_ts, cnt from art_hit order by hr_ts',
    );
    expect(rows).toEqual([
      { hr_ts: new Date('2026-03-01T12:00:00Z'), cnt: 5 },
      { hr_ts: new Date('2026-03-01T13:00:00Z'), cnt: 1 },
    ]);
  });

  it('by several instances at once loses nothing', async () => {
    const instances = Array.from({ length: 4 }, create);
    for (let round = 0; round < 10; round += 1) {
      for (const [i, each] of instances.entries()) {
        // Each in another order.
        for (let k = 0; k < 4; k += 1) each.hitArt(id((i + k) % 4));
      }
      await Promise.all(instances.map((each) => each.flsHit()));
    }
    expect(await top('all')).toEqual(['four 40', 'three 40', 'two 40', 'one 40']);
  });

  it('does not touch the articles', async () => {
    const rows = async () =>
      (await base.pool.query<Record<string, unknown>>('select xmin, * from art order by art_id'))
        .rows;
    const before = await rows();
    views(0, 5);
    await hit.flsHit();
    expect(await rows()).toEqual(before);
  });

  it('goes on when the database is away, and writes it when it is back', async () => {
    let away = true;
    const query = (text: string, values: unknown[]) =>
      away ? Promise.reject(new Error('away')) : base.pool.query(text, values);
    const pool = new Proxy(base.pool, {
      get: (target, key) => (key === 'query' ? query : (Reflect.get(target, key) as unknown)),
    });
    hit = createHit({ pool, art: base.art, logger, now: () => base.clock.now });
    views(1, 2);
    await hit.flsHit();
    views(1, 1);
    away = false;
    await hit.flsHit();
    expect(await top('all')).toEqual(['two 3']);
  });

  it('of an article that is not there spoils no others', async () => {
    hit.hitArt(999_999);
    views(2, 2);
    await hit.flsHit();
    expect(await top('all')).toEqual(['three 2']);
  });

  it('is written by itself, and a last time at the end', async () => {
    const stop = startHitFlush({ hit, everyMs: 5 });
    views(3, 1);
    await eventually(async () => expect(await top('all')).toEqual(['four 1']));
    await stop();
    const late = startHitFlush({ hit, everyMs: 3_600_000 });
    views(3, 4);
    await late();
    expect(await top('all')).toEqual(['four 5']);
  });
});

describe('the list', () => {
  it('knows the last 24 hours and all time', async () => {
    views(0, 5);
    await hit.flsHit();
    base.clock.now = new Date('2026-03-02T11:59:59Z');
    views(1, 3);
    await hit.flsHit();
    expect(await top('day')).toEqual(['one 5', 'two 3']);
    base.clock.now = new Date('2026-03-02T12:00:00Z');
    expect(await top('day')).toEqual(['two 3']);
    expect(await top('all')).toEqual(['one 5', 'two 3']);
    expect(await top('all', 1)).toEqual(['one 5']);
  });

  it('shows published articles only, and fills up with those that follow', async () => {
    views(0, 5);
    views(1, 4);
    views(2, 3);
    await hit.flsHit();
    const gone = must(await base.art.wdrArt('one', (await base.art.getHdr('one'))?.rev ?? 0));
    expect(await top('all', 2)).toEqual(['two 4', 'three 3']);
    expect(await top('all', 1)).toEqual(['two 4']);
    must(await base.art.pubArt('one', gone.rev));
  });

  it('is there over HTTP', async () => {
    const cmt = createCmt({ ...base });
    const site = await startSite(base, [hitRoutes({ hit, cmt })]);
    views(0, 2);
    views(1, 3);
    await hit.flsHit();
    const answer = await site.ask('GET', '/api/v1/most-read?window=all&limit=1');
    expect(answer.body['window']).toBe('all');
    expect(itemsOf(answer.body)).toMatchObject([{ id: 'two', views: 3, commentCount: 0 }]);
    expect(itemsOf((await site.ask('GET', '/api/v1/most-read')).body)).toHaveLength(2);
    expect(
      (await site.ask('GET', '/api/v1/most-read?window=7d&limit=0')).body['faults'],
    ).toHaveLength(2);
    await site.close();
  });
});
