import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import type pg from 'pg';

import { recordArrival } from '../src/consumers/record-arrival.ts';
import { type ActivityApi, startActivityApi } from './activity-api.ts';
import type { EventStream } from './event-stream.ts';
import { account, comment, posted, published } from './sample-events.ts';

let api: ActivityApi;
let other: ActivityApi;
const opened: EventStream[] = [];
const clients: pg.PoolClient[] = [];

beforeAll(async () => {
  api = await startActivityApi({ limits: { heartbeatMs: 200, clients: 12 } });
  other = await startActivityApi({ database: api.database });
});
afterEach(async () => {
  opened.splice(0).forEach((stream) => stream.close());
  for (const client of clients.splice(0)) client.release();
  await eventually(async () => expect(await openStreams()).toBe(0));
});
afterAll(async () => {
  await other.close();
  await api.close();
});

const openStreams = async (): Promise<number> => {
  const metric = await api.metrics.registry.getSingleMetric('activity_stream_clients')?.get();
  return metric?.values[0]?.value ?? 0;
};

const open = async (...args: Parameters<ActivityApi['stream']>): Promise<EventStream> => {
  const stream = await api.stream(...args);
  opened.push(stream);
  return stream;
};

let made = 0;
const fresh = () => published(`made-${(made += 1)}`);
const sees = (stream: EventStream, ids: readonly number[]) =>
  eventually(() => expect(stream.ids).toEqual(ids));
const upTo = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => from + n + 1);

async function head(): Promise<number> {
  const { rows } = await api.pool.query<{ head: string }>('SELECT head FROM timeline');
  return Number(rows[0]?.head);
}

/** A consumer that has written and not committed. */
async function begun(): Promise<{ readonly commit: () => Promise<unknown> }> {
  const client = await api.pool.connect();
  clients.push(client);
  await client.query('BEGIN');
  await recordArrival(client, fresh());
  return { commit: () => client.query('COMMIT') };
}

describe('a stream', () => {
  it('has what happens next, on each instance', async () => {
    await api.arrive(fresh());
    await eventually(async () => expect(await head()).toBe(made));
    const start = await head();
    const here = await open();
    const there = await other.stream();
    opened.push(there);
    expect(here).toMatchObject({ status: 200, contentType: 'text/event-stream; charset=utf-8' });
    await api.arrive(fresh());
    await other.arrive(fresh(), fresh());
    await sees(here, upTo(start, start + 3));
    await sees(there, upTo(start, start + 3));
    expect(here.named('activity')[0]).toMatch(
      new RegExp(`^event: activity\nid: ${start + 1}\ndata: {"id":${start + 1},"eventId":"made-`),
    );
  });

  it('begins after the id that was seen last, and Last-Event-ID goes before it', async () => {
    const end = await head();
    await sees(await open('?after=0'), upTo(0, end));
    await sees(await open(`?after=${end - 2}`), upTo(end - 2, end));
    await sees(await open('?after=0', { lastEventId: String(end - 1) }), [end]);
  });

  it.each([[[0, 1, 2]], [[0, 2, 1]], [[1, 0, 2]], [[1, 2, 0]], [[2, 0, 1]], [[2, 1, 0]]])(
    'skips no transaction that commits late (order of commits %j)',
    async (order) => {
      const start = await head();
      const stream = await open();
      const late = [await begun(), await begun(), await begun()];
      for (const [done, index] of order.entries()) {
        await late[index]?.commit();
        await sees(stream, upTo(start, start + done + 1));
      }
      expect(new Set(stream.summaries).size).toBe(3);
    },
  );

  it('is not held up by a transaction that stays open', async () => {
    const start = await head();
    const stream = await open();
    const late = await begun();
    await api.arrive(fresh(), fresh());
    await sees(stream, upTo(start, start + 2));
    await late.commit();
    await sees(stream, upTo(start, start + 3));
  });

  it('goes on after a lost connection without loss or repetition, on any instance', async () => {
    const start = await head();
    const seen: number[] = [];
    let lastEventId: string | undefined;
    const write = (async () => {
      for (let n = 0; n < 60; n += 1) await api.arrive(fresh(), fresh(), fresh());
    })();
    // The first connection is lost before it has seen anything.
    for (let n = 0; seen.length < 180; n += 1) {
      const from = n % 2 === 0 ? api : other;
      const stream = await from.stream('', { lastEventId });
      opened.push(stream);
      if (n > 0) await eventually(() => expect(stream.ids.length).toBeGreaterThan(0));
      else await eventually(() => expect(stream.blocks.length).toBeGreaterThan(0));
      lastEventId = stream.lastEventId();
      seen.push(...stream.ids);
      stream.close();
    }
    await write;
    expect(seen).toEqual(upTo(start, start + 180));
  });

  it('has only what its filter lets through, and knows how far it has come', async () => {
    const start = await head();
    const stream = await open('?type=newscience.comment.*');
    await api.arrive(fresh(), posted(comment(), account('Ines')), fresh());
    await sees(stream, [start + 2]);
    await eventually(() => expect(stream.lastEventId()).toBe(String(start + 3)));
    await sees(await open('?context=comment&after=0'), [start + 2]);
  });

  it('gives a sign of life', async () => {
    const stream = await open();
    const id = await head();
    await eventually(() =>
      expect(stream.blocks.slice(0, 3)).toEqual([
        `retry: 2000\nid: ${id}`,
        `: heartbeat\nid: ${id}`,
        `: heartbeat\nid: ${id}`,
      ]),
    );
  });

  it('gives a sign of life also while others get events all the time', async () => {
    const stream = await open('?context=user');
    await eventually(async () => {
      await api.arrive(fresh());
      expect(stream.blocks.filter((block) => block.startsWith(': heartbeat')).length).toBe(2);
    });
  });

  it('says so where the client knows more than there is', async () => {
    const end = await head();
    const stream = await open('', { lastEventId: String(end + 1000) });
    await eventually(() =>
      expect(stream.named('reset')).toEqual([`event: reset\nid: ${end}\ndata: {"head":${end}}`]),
    );
    await api.arrive(fresh());
    await sees(stream, [end + 1]);
  });

  it('ends with the token', async () => {
    const stream = await open('', { as: { endsIn: 1 } });
    expect(stream.status).toBe(200);
    expect(await stream.ended).toBe('whole');
  });

  it('is for as many as may, and the next gets a problem', async () => {
    for (let n = 0; n < 12; n += 1) await open();
    const refused = await open();
    expect(refused).toMatchObject({
      status: 503,
      contentType: expect.stringMatching(/^application\/problem/),
    });
    expect(refused.body()).toContain('"code":"too_many_streams"');
    opened.splice(0).forEach((stream) => stream.close());
    await eventually(async () => expect((await open()).status).toBe(200));
  });

  it.each([
    ['?after=-1', undefined, 400],
    ['?type=%25', undefined, 400],
    ['', 'x', 400],
  ])('refuses %s with Last-Event-ID %s', async (query, lastEventId, status) => {
    expect((await open(query, { lastEventId })).status).toBe(status);
  });

  it('is for operators', async () => {
    expect((await open('', { as: { role: 'editor' } })).status).toBe(403);
    expect((await open('', { as: { endsIn: -60 } })).status).toBe(401);
  });

  it('does not begin for HEAD', async () => {
    expect(await api.call('/api/v1/activity/stream', { method: 'HEAD' })).toMatchObject({
      status: 200,
    });
  });
});
