import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';

import { type ActivitySite, activitySite, type Instance } from './activity-site.ts';
import { published } from './sample-events.ts';

let site: ActivitySite;
let service: Instance;

beforeAll(async () => {
  site = await activitySite();
  service = await site.start();
});
afterAll(() => site.close());

const metric = async (line: RegExp): Promise<number> => {
  const text = await (await fetch(`${service.url()}/metrics`)).text();
  return Number(line.exec(text)?.[1] ?? 0);
};

describe('an event', () => {
  it('of a type or version that this release does not know is passed by and counted', async () => {
    const known = published('a');
    await site.bus.publish([
      { ...known, type: 'newscience.article.Illustrated.v1', id: 'a/illustrated' },
      { ...known, type: 'newscience.article.Published.v9', id: 'a/v9' },
      known,
    ]);
    await eventually(async () =>
      expect((await service.get('/api/v1/activity')).body).toMatchObject({
        items: [{ id: 1, eventId: 'a/1' }],
      }),
    );
    await eventually(async () =>
      expect(await metric(/consumer_events_total\{[^}]*outcome="unknown"[^}]*\} (\d+)/)).toBe(2),
    );
  });

  it('that breaks its contract holds up its key alone, and is where operators see it', async () => {
    const broken = { ...published('b'), data: { id: 'b' } };
    await site.bus.publish([broken, published('c')]);
    await eventually(async () =>
      expect((await service.get('/api/v1/activity?subject=c')).body).toMatchObject({
        items: [{ eventId: 'c/1' }],
      }),
    );
    await eventually(
      async () => {
        expect(await metric(/consumer_waiting_events\{[^}]*\} (\d+)/)).toBe(1);
      },
      { withinMs: 30_000 },
    );
    expect((await service.get('/api/v1/activity?subject=b')).body).toMatchObject({ items: [] });
  });
});
