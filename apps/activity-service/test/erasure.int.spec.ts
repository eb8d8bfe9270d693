import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KnownEvent } from '@newscience/event-contracts/registry';
import { eventually } from '@newscience/testing/eventually';

import { type ActivityApi, startActivityApi } from './activity-api.ts';
import {
  account,
  comment,
  deleted,
  posted,
  published,
  registered,
  removed,
  stageChanged,
} from './sample-events.ts';

let api: ActivityApi;

beforeAll(async () => {
  api = await startActivityApi();
});
afterAll(() => api.close());

let expected = 0;

/** Each in a transaction of its own; resolves when they are in the timeline. */
async function consume(...events: KnownEvent[]): Promise<void> {
  for (const event of events) await api.arrive(event);
  expected += events.length;
  await eventually(async () => {
    const { rows } = await api.pool.query(
      `SELECT 1 FROM timeline WHERE head = $1 AND NOT EXISTS (SELECT FROM erasure WHERE NOT done)`,
      [expected],
    );
    expect(rows.length).toBe(1);
  });
}

const about = async (subject: string): Promise<unknown> =>
  (await api.call(`/api/v1/activity/subjects/${subject}`)).body;

/** Whether a text is anywhere in the tables of the timeline. */
async function isStored(text: string): Promise<boolean> {
  const { rows } = await api.pool.query<{ found: boolean }>(
    `SELECT (SELECT count(*) FROM activity WHERE activity::text LIKE '%' || $1 || '%')
          + (SELECT count(*) FROM arrival WHERE arrival::text LIKE '%' || $1 || '%') > 0 AS found`,
    [text],
  );
  return rows[0]?.found ?? false;
}

describe('a comment that is deleted', () => {
  it('loses text and writer in all activities, and nobody else does', async () => {
    const [ines, jo] = [account('Ines Nowhere'), account('Jo')];
    const [gone, stays] = [comment('one'), comment('one')];
    await consume(posted(gone, ines, 'a private matter'), posted(stays, jo, 'a public one'));
    expect(await isStored('a private matter')).toBe(true);
    await consume(deleted(gone));
    expect(await about(gone.id)).toMatchObject({
      items: [
        {
          summary: 'A comment on one was posted.',
          data: { id: gone.id, articleId: 'one', parentId: null, postedAt: expect.any(String) },
          erasedAt: expect.any(String),
        },
        { summary: 'A comment on one was deleted.', erasedAt: null },
      ],
    });
    for (const text of ['a private matter', 'Ines Nowhere', ines.id])
      expect(await isStored(text)).toBe(false);
    expect(await about('one')).toMatchObject({ count: 3 });
    expect(await about(jo.id)).toMatchObject({
      items: [{ data: { text: 'a public one', author: jo }, erasedAt: null }],
    });
    expect(await api.call(`/api/v1/activity/subjects/${ines.id}`)).toMatchObject({ status: 404 });
  });

  it('loses them also where its text comes in later', async () => {
    const late = comment();
    await consume(deleted(late), posted(late, account('Kim Nowhere'), 'said too late'));
    for (const text of ['said too late', 'Kim Nowhere']) expect(await isStored(text)).toBe(false);
    expect(await about(late.id)).toMatchObject({
      items: [{ erasedAt: null }, { erasedAt: expect.any(String) }],
    });
  });
});

describe('an account that is removed', () => {
  it('takes name and comments with it, and its mark on the routes', async () => {
    const [lea, jo] = [account('Lea Nowhere'), account('Jo')];
    const [own, answer] = [comment('two'), comment('two')];
    await consume(
      registered(lea),
      posted(own, lea, 'in the words of Lea'),
      stageChanged('search', lea),
      posted(answer, jo, 'an answer'),
    );
    expect(await about(lea.id)).toMatchObject({ count: 3 });
    await consume(removed(lea));
    for (const text of ['Lea Nowhere', 'in the words of Lea'])
      expect(await isStored(text)).toBe(false);
    expect(await about(lea.id)).toMatchObject({
      items: [
        { summary: 'An account was opened.', erasedAt: expect.any(String) },
        { summary: 'An account was removed.' },
      ],
    });
    expect(await about('search')).toMatchObject({
      items: [{ summary: 'Route search went from monolith to cutover.', data: { revision: 1 } }],
    });
    expect(await about(answer.id)).toMatchObject({ items: [{ data: { text: 'an answer' } }] });
  });

  it('is not remembered again by what comes in later, also in the same batch', async () => {
    const max = account('Max Nowhere');
    await consume(removed(max), registered(max), posted(comment(), max, 'in the words of Max'));
    const lou = account('Lou Nowhere');
    await api.arrive(registered(lou), posted(comment(), lou, 'in the words of Lou'), removed(lou));
    expected += 3;
    await consume(published('three'));
    for (const text of ['Max Nowhere', 'words of Max', 'Lou Nowhere', 'words of Lou'])
      expect(await isStored(text)).toBe(false);
  });

  it('takes along any number of comments', async () => {
    const busy = account('Busy Nowhere');
    const comments = Array.from({ length: 1203 }, () => posted(comment(), busy));
    await api.arrive(...comments);
    expected += comments.length;
    await consume(removed(busy));
    expect(await isStored('Busy Nowhere')).toBe(false);
    const { rows } = await api.pool.query(
      'SELECT 1 FROM activity WHERE personal IS NULL AND erased_at IS NOT NULL',
    );
    expect(rows.length).toBeGreaterThanOrEqual(comments.length);
  });
});
