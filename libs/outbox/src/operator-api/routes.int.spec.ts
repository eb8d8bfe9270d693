import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BusError, type Lag } from '@newscience/event-bus/bus';
import { eventually } from '@newscience/testing/eventually';

import { type ConsumerSite, consumerSite, eventOf, type Member } from '../../test/consumer-site.ts';
import { type EventApi, startEventApi } from '../../test/event-api.ts';
import { deliveries } from '../../test/hand-bus.ts';
import { sampleEvent } from '../../test/sample-events.ts';

let site: ConsumerSite;
let api: EventApi;
let member: Member;
let broken: Set<string>;
let lag: (group: string) => Promise<readonly Lag[]>;

beforeEach(async () => {
  site = await consumerSite();
  broken = new Set(['a/1', 'b/1', 'c/1']);
  site.fails = (id) => (broken.has(id) ? new Error(`${id} is poison`) : undefined);
  member = await site.start();
  lag = () => Promise.resolve([]);
  api = await startEventApi({
    pool: site.pool,
    bus: { lag: (group) => lag(group) },
    groups: ['activity', 'counters'],
  });
});
afterEach(async () => {
  await api.close();
  await site.close();
});

/** Makes these dead and gives their ids in that order. */
async function dead(...ids: string[]): Promise<string[]> {
  // One after the other, so that they die in this order.
  for (const id of ids) {
    await member.deliver([id]);
    await eventually(async () => expect(await site.count('inbox_waiting')).toBe(0));
  }
  const { body } = await api.get('/admin/events/dead-letters');
  const found = new Map(body.items.map(({ id, eventId }) => [eventId, id]));
  return ids.map((id) => String(found.get(id)));
}

describe('who may see and do this', () => {
  const paths = ['lag', 'dead-letters', 'dead-letters/1', 'audit', 'audit/1'];

  it.each(paths)('GET /admin/events/%s: operators alone', async (path) => {
    expect(await api.call(`/admin/events/${path}`, { as: null })).toMatchObject({ status: 401 });
    const editor = { role: 'editor' };
    expect(await api.call(`/admin/events/${path}`, { as: editor })).toMatchObject({ status: 403 });
  });

  it.each(['replay', 'discard'])('POST …/%s: operators alone', async (deed) => {
    const [id = ''] = await dead('a/1');
    const path = `/admin/events/dead-letters/${id}/${deed}`;
    const body = { why: 'a try' };
    expect(await api.call(path, { body, as: { role: 'editor' } })).toMatchObject({ status: 403 });
    expect(await site.count('inbox_dead_letter')).toBe(1);
  });

  it('is nobody where the service forgot to ask', async () => {
    const open = await startEventApi({ pool: site.pool, bus: { lag }, groups: [], guarded: false });
    expect(await open.call('/admin/events/dead-letters')).toMatchObject({ status: 500 });
    expect(await open.call('/elsewhere')).toMatchObject({ status: 404 });
    await open.close();
  });
});

describe('the lag', () => {
  it('is told of each partition of each group', async () => {
    lag = (group) =>
      Promise.resolve([
        {
          ...{ topic: 'newscience.route', partition: 0 },
          behind: group === 'activity' ? 12n : 0n,
        },
      ]);
    const place = { topic: 'newscience.route', partition: 0 };
    expect(await api.get('/admin/events/lag')).toMatchObject({
      status: 200,
      body: {
        items: [
          { group: 'activity', ...place, behind: 12 },
          { group: 'counters', ...place, behind: 0 },
        ],
      },
    });
  });

  it('is not available while the bus is away', async () => {
    lag = () => Promise.reject(new BusError('unavailable', 'connection refused at 10.1.2.3'));
    const answer = await api.get('/admin/events/lag');
    expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable', retryable: true } });
    expect(JSON.stringify(answer.body)).not.toContain('10.1.2.3');
  });
});

describe('dead letters', () => {
  it('are listed in pages without their events', async () => {
    const [a, b, c] = await dead('a/1', 'b/1', 'c/1');
    const first = await api.get('/admin/events/dead-letters?limit=2');
    expect(first.body).toMatchObject({ next: b });
    expect(first.body.items.map(({ id }) => id)).toEqual([c, b]);
    expect(JSON.stringify(first.body)).not.toContain('"data"');
    const second = await api.get(`/admin/events/dead-letters?limit=2&before=${String(b)}`);
    expect(second.body).toMatchObject({ items: [{ id: a, eventId: 'a/1', key: 'a' }], next: null });
    const none = { status: 200, body: { items: [], next: null } };
    expect(await api.get('/admin/events/dead-letters?consumer=other')).toMatchObject(none);
  });

  it('are shown with their event, also one with a U+0000 in it', async () => {
    const why = 'a \0 in "type":"x"';
    const event = sampleEvent('a', 1, why);
    await member.bus.deliver(deliveries([event]));
    const [id = ''] = await dead('a/1');
    expect(await api.get(`/admin/events/dead-letters/${id}`)).toMatchObject({
      status: 200,
      body: { id, type: event.type, attempts: 3, cause: 'a/1 is poison', event: { data: { why } } },
    });
    await api.call(`/admin/events/dead-letters/${id}/discard`, { body: { why: 'a try' } });
    const { body } = await api.get('/admin/events/audit');
    expect(body).toMatchObject({ items: [{ deadLetter: { eventId: 'a/1', type: event.type } }] });
    expect(JSON.stringify(body)).not.toContain('"data"');
  });

  it.each(['consumer=%00', 'consumer=', 'limit=0', 'limit=201', 'limit=x', 'before=0'])(
    'are not listed by %s',
    async (query) => {
      const answer = await api.get(`/admin/events/dead-letters?${query}`);
      expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    },
  );

  it.each(['0', 'x', '-1', '99999999999999999999'])('have no id like %s', async (id) => {
    expect(await api.get(`/admin/events/dead-letters/${id}`)).toMatchObject({ status: 400 });
  });

  it('are gone when they are gone', async () => {
    const missing = { status: 404, body: { code: 'dead_letter_not_found' } };
    const path = '/admin/events/dead-letters/4711';
    expect(await api.get(path)).toMatchObject(missing);
    expect(await api.call(`${path}/replay`, { body: {} })).toMatchObject(missing);
    expect(await api.call(`${path}/discard`, { body: { why: 'a try' } })).toMatchObject(missing);
    expect(await api.get('/admin/events/audit/4711')).toMatchObject({
      ...{ status: 404, body: { code: 'dead_letter_action_not_found' } },
    });
  });
});

describe('what operators do', () => {
  it('has its effect and is in the audit log with who, when and why', async () => {
    const [a = '', b = ''] = await dead('a/1', 'b/1');
    broken.clear();
    const started = Date.now();
    const ada = { sub: 'ada-1', name: 'Ada' };
    const grace = { sub: 'grace-1', name: 'Grace' };
    const replay = await api.call(`/admin/events/dead-letters/${a}/replay`, { body: {}, as: ada });
    expect(replay).toMatchObject({ status: 200, body: { id: a, event: { id: 'a/1' } } });
    const body = { why: ' of no use ' };
    await api.call(`/admin/events/dead-letters/${b}/discard`, { body, as: grace });
    await eventually(async () => expect(await site.effects()).toEqual(['a/1']));

    const log = await api.get('/admin/events/audit');
    expect(log.body).toMatchObject({
      items: [
        {
          ...{ action: 'discarded', by: { id: 'grace-1', name: 'Grace' }, why: 'of no use' },
          deadLetter: { id: b, eventId: 'b/1', consumer: 'activity', cause: 'b/1 is poison' },
        },
        { action: 'replayed', by: { id: 'ada-1', name: 'Ada' }, why: null, deadLetter: { id: a } },
      ],
      next: null,
    });
    const [latest] = log.body.items;
    expect(Date.parse(String(latest?.['at']))).toBeGreaterThanOrEqual(started - 1000);
    expect(await api.get(`/admin/events/audit/${String(latest?.id)}`)).toMatchObject({
      body: { deadLetter: { id: b, event: { id: 'b/1', data: eventOf('b/1').data } } },
    });
  });

  it.each([
    ['nothing', {}],
    ['two letters', { why: 'no' }],
    ['blanks', { why: '   a    ' }],
    ['501 letters', { why: 'x'.repeat(501) }],
    ['a U+0000', { why: 'a \0 try' }],
    ['a number', { why: 3 }],
  ])('is not done for a reason that is %s', async (_, body) => {
    const [id = ''] = await dead('a/1');
    const answer = await api.call(`/admin/events/dead-letters/${id}/discard`, { body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    expect(await site.count('inbox_dead_letter')).toBe(1);
    expect((await api.get('/admin/events/audit')).body.items).toEqual([]);
  });
});
