import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BusError } from '@newscience/event-bus/bus';
import type { CloudEvent } from '@newscience/event-contracts/envelope';
import { eventually } from '@newscience/testing/eventually';
import { z } from 'zod';

import { type ActivityApi, startActivityApi } from './activity-api.ts';
import {
  account,
  comment,
  posted,
  published,
  registered,
  stageChanged,
  traced,
} from './sample-events.ts';

const bus = {
  away: false,
  lag: () =>
    bus.away
      ? Promise.reject(new BusError('unavailable', 'away'))
      : Promise.resolve([{ topic: 'newscience.article', partition: 0, behind: 2n }]),
};
const ines = account('Ines');
const trace = '0123456789abcdef'.repeat(2);
const at = <E extends CloudEvent>(event: E, time: string): E => ({ ...event, time });
const ARTICLES = 30;

let api: ActivityApi;

beforeAll(async () => {
  api = await startActivityApi({ bus });
  for (let n = 1; n <= ARTICLES; n += 1) await api.arrive(published(`a-${n}`));
  await api.arrive(
    at(traced(posted(comment('a-1'), ines), trace), '2026-05-01T10:00:00.000Z'),
    at(traced(stageChanged('a-2', ines), trace), '2026-05-01T11:00:00.000Z'),
    at(registered(ines), '2026-05-01T12:00:00.000Z'),
  );
  await settled(ARTICLES + 3);
});
afterAll(() => api.close());

const settled = (head: number) =>
  eventually(async () => {
    const { rows } = await api.pool.query<{ head: string }>('SELECT head FROM timeline');
    expect(Number(rows[0]?.head)).toBe(head);
  });

const pageSchema = z.object({
  items: z.array(z.object({ id: z.number() })),
  nextCursor: z.string().nullable(),
});

async function ids(query: string): Promise<{ ids: number[]; next: string | null }> {
  const { body } = await api.call(`/api/v1/activity${query}`);
  const { items, nextCursor } = pageSchema.parse(body);
  return { ids: items.map(({ id }) => id), next: nextCursor };
}

const down = (from: number, to: number): number[] =>
  Array.from({ length: from - to + 1 }, (_, n) => from - n);

describe('the timeline', () => {
  it('comes in pages that stay what they are while more happens', async () => {
    const first = await ids('?limit=10');
    expect(first).toEqual({ ids: down(33, 24), next: '24' });
    await api.arrive(published('meanwhile'));
    await settled(ARTICLES + 4);
    const second = await ids(`?limit=10&cursor=${first.next}`);
    expect(second.ids).toEqual(down(23, 14));
    const last = await ids(`?limit=13&cursor=${second.next}`);
    expect(last).toEqual({ ids: down(13, 1), next: null });
    expect((await ids('?limit=1')).ids).toEqual([34]);
  });

  it.each([
    ['type=newscience.comment.Posted.v1', [31]],
    ['type=newscience.*.Posted.v1', [31]],
    ['type=*.v1&context=user', [33]],
    ['type=newscience_comment', undefined],
    ['type=newscience.comment', []],
    ['context=route', [32]],
    ['context=comment&subject=a-2', []],
    ['subject=a-2', [32, 2]],
    [`trace=${trace}`, [32, 31]],
    [`trace=${trace}&context=route`, [32]],
    ['from=2026-05-01T11:00:00Z', [33, 32]],
    ['from=2026-05-01T13:00:00%2B02:00', [33, 32]],
    ['from=2026-05-01T10:00:00.001Z&to=2026-05-01T12:00:00Z', [32]],
    ['to=2026-03-02T06:00:00Z', []],
    ['from=2026-05-02T09:00:00%2B23:00', [33, 32, 31]],
    ['from=0001-01-01T00:00:00Z&context=user', [33]],
    ['from=0000-12-31T23:59:59Z', undefined],
    ['to=9999-12-31T23:59:59-01:00', undefined],
    ['to=9999-12-31T23:59:59Z&context=user', [33]],
    ['subject=%00', undefined],
  ])('shows what fits %s', async (query, expected) => {
    if (expected === undefined)
      expect((await api.call(`/api/v1/activity?${query}`)).status).toBe(400);
    else expect((await ids(`?${query}`)).ids).toEqual(expected);
  });

  it('has what a filter in SQL could be fooled with as text', async () => {
    expect((await ids(`?subject=${encodeURIComponent("' OR true --")}`)).ids).toEqual([]);
    expect((await ids('?subject=%25')).ids).toEqual([]);
  });

  it('tells all faults of a question at once', async () => {
    const path = '/api/v1/activity?limit=0&cursor=x&trace=1&from=yesterday&context=A';
    const { status, body } = await api.call(path);
    expect(status).toBe(400);
    const faults = ['context', 'trace', 'from', 'limit', 'cursor'];
    expect(body).toMatchObject({
      code: 'validation_failed',
      faults: faults.map((name) => expect.objectContaining({ pointer: `/query/${name}` })),
    });
  });
});

describe('what belongs together', () => {
  it('is found by its trace, oldest first, in pages', async () => {
    const path = `/api/v1/activity/traces/${trace}`;
    const first = await api.call(`${path}?limit=1`);
    expect(first).toMatchObject({
      status: 200,
      body: {
        count: 2,
        firstAt: '2026-05-01T10:00:00.000Z',
        lastAt: '2026-05-01T11:00:00.000Z',
        types: [
          { type: 'newscience.comment.Posted.v1', count: 1 },
          { type: 'newscience.route.StageChanged.v1', count: 1 },
        ],
        items: [{ id: 31 }],
        nextCursor: '31',
      },
    });
    expect(await api.call(`${path}?limit=1&cursor=31`)).toMatchObject({
      body: { count: 2, items: [{ id: 32 }], nextCursor: null },
    });
    expect(await api.call(`/api/v1/activity/traces/${'0'.repeat(32)}`)).toMatchObject({
      status: 404,
      body: { code: 'trace_unknown' },
    });
    expect((await api.call('/api/v1/activity/traces/x')).status).toBe(400);
  });

  it('is found by the aggregate, also where another one speaks of it', async () => {
    expect(await api.call('/api/v1/activity/subjects/a-1')).toMatchObject({
      body: { count: 2, items: [{ id: 1 }, { id: 31 }] },
    });
    expect(await api.call(`/api/v1/activity/subjects/${ines.id}`)).toMatchObject({
      body: { items: [{ id: 31 }, { id: 32 }, { id: 33 }] },
    });
    expect(await api.call('/api/v1/activity/subjects/nobody')).toMatchObject({
      status: 404,
      body: { code: 'subject_unknown' },
    });
    for (const subject of ['x'.repeat(201), '%00', '%ff'])
      expect((await api.call(`/api/v1/activity/subjects/${subject}`)).status).toBe(400);
  });
});

describe('the counters', () => {
  it('say how often and when last, and what the rows say', async () => {
    const item = (name: string, count: number, lastAt: string) => ({
      ...{ type: `newscience.${name}.v1`, count, lastAt },
    });
    const items = [
      item('article.Published', 31, '2026-03-02T06:00:00.000Z'),
      item('comment.Posted', 1, '2026-05-01T10:00:00.000Z'),
      item('route.StageChanged', 1, '2026-05-01T11:00:00.000Z'),
      item('user.Registered', 1, '2026-05-01T12:00:00.000Z'),
    ];
    const { body } = await api.call('/api/v1/activity/counters');
    expect(body).toEqual({ items });
    expect((await api.call('/api/v1/activity/counters?check=true')).body).toEqual({
      items: items.map((one) => ({ ...one, stored: one.count })),
      agrees: true,
    });
    expect((await api.call('/api/v1/activity/counters?check=1')).status).toBe(400);
  });

  it('say so where they are not what the rows say', async () => {
    await api.pool.query(`UPDATE counter SET count = count + 1 WHERE type LIKE '%Registered%'`);
    expect((await api.call('/api/v1/activity/counters?check=true')).body).toMatchObject({
      agrees: false,
    });
    await api.pool.query(`DELETE FROM counter WHERE type LIKE '%Registered%'`);
    expect((await api.call('/api/v1/activity/counters?check=true')).body).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining({ count: 0, stored: 1 })]),
      agrees: false,
    });
  });

  it('count an event once however often it comes in', async () => {
    const before = (await api.call('/api/v1/activity/counters')).body;
    await api.arrive(published('a-1'), published('a-1'));
    await api.arrive(published('a-1'));
    await eventually(async () =>
      expect((await api.pool.query('SELECT 1 FROM arrival')).rowCount).toBe(0),
    );
    expect((await api.call('/api/v1/activity/counters')).body).toEqual(before);
  });
});

describe('who may ask', () => {
  const paths = [
    '/api/v1/activity',
    '/api/v1/activity/stream',
    '/api/v1/activity/counters',
    `/api/v1/activity/traces/${trace}`,
    '/api/v1/activity/subjects/a-1',
    '/admin/events/lag',
    '/admin/events/dead-letters',
  ];

  it.each(paths)('%s is for operators', async (path) => {
    expect((await api.call(path, { as: null })).status).toBe(401);
    expect((await api.call(path, { as: { endsIn: -60 } })).status).toBe(401);
    for (const role of ['reader', 'contributor', 'editor'])
      expect((await api.call(path, { as: { role } })).status).toBe(403);
  });

  it('is asked before the question is read', async () => {
    expect((await api.call('/api/v1/activity?limit=0', { as: null })).status).toBe(401);
  });
});

describe('events that failed', () => {
  it('are here with what can be done about them', async () => {
    expect(await api.call('/admin/events/lag')).toEqual({
      status: 200,
      body: {
        items: [
          { group: 'activity-service', topic: 'newscience.article', partition: 0, behind: 2 },
        ],
      },
    });
    bus.away = true;
    expect((await api.call('/admin/events/lag')).status).toBe(503);
    expect(await api.call('/admin/events/dead-letters')).toMatchObject({ body: { items: [] } });
    expect(await api.call('/admin/events/audit')).toMatchObject({ body: { items: [] } });
    expect((await api.call('/admin/events/dead-letters/7')).status).toBe(404);
    expect((await api.call('/admin/events/audit/7')).status).toBe(404);
  });
});

describe('the OpenAPI document', () => {
  it('was held against an answer of each operation', async () => {
    expect((await api.stream()).status).toBe(200);
    expect((await api.stream('?after=x')).status).toBe(400);
    const seen = (line: string): boolean => / (500|503)$/.test(line) || line.includes('/admin/');
    expect(api.conformance.uncovered().filter((line) => !seen(line))).toEqual([]);
    api.endStreams();
  });
});
