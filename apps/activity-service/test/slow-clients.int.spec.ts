import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';

import { type ActivityApi, startActivityApi } from './activity-api.ts';
import { account, comment, posted } from './sample-events.ts';

/** More than the sockets of a connection hold. */
const EVENTS = 6000;
const author = account('Ines');
const text = 'long '.repeat(1000).trim();

let api: ActivityApi;

beforeAll(async () => {
  api = await startActivityApi({ limits: { stallMs: 1000 } });
  for (let n = 0; n < EVENTS; n += 100) {
    const batch = Array.from({ length: 100 }, () => posted(comment(), author, text));
    await api.arrive(...batch);
  }
}, 120_000);
afterAll(() => api.close());

async function endings(): Promise<Record<string, number>> {
  const metric = await api.metrics.registry.getSingleMetric('activity_streams_ended_total')?.get();
  return Object.fromEntries(
    (metric?.values ?? []).map(({ labels, value }) => [String(labels['reason']), value]),
  );
}

describe('clients of a stream', () => {
  it('are cut off when they take nothing, without the others noticing', async () => {
    const stalled = await api.stream('?after=0');
    stalled.stall();
    const reading = await api.stream('?after=0');
    await eventually(() => expect(reading.ids.length).toBe(EVENTS), { withinMs: 60_000 });
    expect(reading.ids).toEqual(Array.from({ length: EVENTS }, (_, n) => n + 1));
    await eventually(async () => expect(await endings()).toMatchObject({ slow: 1 }));
    stalled.resume();
    expect(await stalled.ended).toBe('broken');

    // What it has is whole up to where it was cut off, and it may go on from there.
    const again = await api.stream('', { lastEventId: stalled.lastEventId() });
    const rest = EVENTS - stalled.ids.length;
    expect(rest).toBeGreaterThan(0);
    await eventually(() => expect(again.ids.length).toBe(rest), { withinMs: 60_000 });
    expect([...stalled.ids, ...again.ids]).toEqual(reading.ids);
    reading.close();
    again.close();
  }, 120_000);

  it('cost no more memory than a page each while they read slowly', async () => {
    const used = (): number => {
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const before = used();
    let most = before;
    const streams = await Promise.all(Array.from({ length: 10 }, () => api.stream('?after=0')));
    streams.forEach((stream) => stream.stall());
    await eventually(
      async () => {
        most = Math.max(most, used());
        expect(await endings()).toMatchObject({ slow: 11 });
      },
      { withinMs: 60_000, everyMs: 10 },
    );
    // Without a bound it would be 30 MB for each of them.
    expect((most - before) / 1024 ** 2).toBeLessThan(150);
    streams.forEach((stream) => stream.close());
  }, 120_000);

  it('end in order when the service does', async () => {
    const stream = await api.stream();
    api.endStreams();
    expect(await stream.ended).toBe('whole');
    expect((await api.stream()).status).toBe(503);
  });
});
