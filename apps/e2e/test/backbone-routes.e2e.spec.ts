import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, apiClient } from './api.ts';
import { runningSite } from './site.ts';
import { kind, type Timeline, timelineOf } from './support/backbone.ts';
import { routes } from './support/command.ts';
import { bodyOf } from './support/newsroom.ts';
import { known, newOperator, type Person, rareWord } from './support/people.ts';

const site = runningSite();
const id = `told-${rareWord()}`;
let operator: Person;
let timeline: Timeline;

beforeAll(async () => {
  operator = await newOperator(site);
  timeline = timelineOf(site, (await known(site.url, site.credentials.operator)).token);
});

const route = { path: `/nowhere-${id}`, methods: ['GET'], target: 'monolith', stage: 'monolith' };
const call = (method: string, path: string, body: object, ifMatch?: string): Promise<Answer> =>
  apiClient(site.operatorUrl, operator.token)(
    method,
    path,
    body,
    ifMatch === undefined ? { 'if-none-match': '*' } : { 'if-match': ifMatch },
  );
const etagOf = ({ headers }: Answer): string => headers.get('etag') ?? '';

afterAll(async () => {
  const now = await apiClient(site.operatorUrl, operator.token)('GET', `/routes/${id}`);
  if (now.status === 200) await call('DELETE', `/routes/${id}`, { why: 'cleared' }, etagOf(now));
});

describe('changes of routes', () => {
  it('are told with who did what, and why, in order; what was refused is not', async () => {
    const why = `<script>alert("${id}")</script> \u202E "; DROP TABLE route; --`;
    const me = bodyOf<{ id: string; name: string }>(await operator.call('GET', '/api/v1/me'));
    const made = await call('PUT', `/routes/${id}`, { ...route, why });
    expect(made.status).toBe(201);
    const refused = await call('PUT', `/routes/${id}`, { ...route, why: 'a second time' });
    expect(refused.status).toBe(412);
    const stage = { stage: 'cutover', why: 'over' };
    const moved = await call('POST', `/routes/${id}/stage`, stage, etagOf(made));
    expect(moved.status).toBe(200);
    const stale = await call('POST', `/routes/${id}/stage`, stage, etagOf(made));
    expect(stale.status).toBe(412);
    const changed = { ...route, stage: 'cutover', methods: ['GET', 'HEAD'], why: 'more' };
    const put = await call('PUT', `/routes/${id}`, changed, etagOf(moved));
    expect(put.status).toBe(200);
    const back = await routes(site, ['stage', id, 'monolith', '--why', 'back'], {
      NEWSCIENCE_TOKEN: operator.token,
    });
    expect(back.code).toBe(0);
    const now = await apiClient(site.operatorUrl, operator.token)('GET', `/routes/${id}`);
    const removed = await call('DELETE', `/routes/${id}`, { why: 'done' }, etagOf(now));
    expect(removed.status).toBeLessThan(300);

    const events = await timeline.told(id, 5);
    expect(events.map(kind).map((text) => text.split(' ')[0])).toEqual([
      'Defined',
      'StageChanged',
      'Defined',
      'StageChanged',
      'Removed',
    ]);
    expect(events.map(({ data }) => data['why'])).toEqual([why, 'over', 'more', 'back', 'done']);
    expect(events.map(({ data }) => data['by'])).toEqual(
      Array.from({ length: 5 }, () => ({ id: me.id, name: me.name })),
    );
    expect(events[1]?.data).toMatchObject({ from: 'monolith', to: 'cutover' });
    expect(events[2]?.data).toMatchObject({ to: { methods: ['GET', 'HEAD'] } });
    const revisions = events.map(({ data }) => Number(data['revision']));
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
    expect(new Set(revisions).size).toBe(5);
    expect(new Set(events.map(({ source }) => source))).toEqual(
      new Set(['urn:newscience:gateway']),
    );
    const audit = await apiClient(site.operatorUrl, operator.token)(
      'GET',
      `/audit?route=${id}&limit=50`,
    );
    const { items } = bodyOf<{ items: { revision: number }[] }>(audit);
    expect(items.map(({ revision }) => revision).sort((a, b) => a - b)).toEqual(revisions);
  });

  it('by an operator whose account is removed keep why, and lose the name', async () => {
    const before = await timeline.of(id);
    expect(before.length).toBeGreaterThan(0);
    const me = bodyOf<{ id: string }>(await operator.call('GET', '/api/v1/me'));
    const second = operator;
    operator = await known(site.url, site.credentials.operator);
    const { password } = second;
    expect((await second.call('DELETE', '/api/v1/me', { password })).status).toBe(204);
    const told = await timeline.told(me.id, 3); // registered, made operator, removed
    expect(told.at(-1)?.type).toBe('newscience.user.Removed.v1');
    const { text } = await timeline.call('GET', `/api/v1/activity?subject=${id}`);
    expect(text).not.toContain(second.name);
    expect(text).toContain('"over"');
  });
});
