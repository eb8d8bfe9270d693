import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';

import { type ActivitySite, activitySite, type Instance } from './activity-site.ts';
import { openEventStream } from './event-stream.ts';
import { account, comment, posted, published, stageChanged, traced } from './sample-events.ts';

let site: ActivitySite;
let service: Instance;

beforeAll(async () => {
  site = await activitySite();
  service = await site.start();
});
afterAll(() => site.close());

describe('the service', () => {
  it('shows what it has consumed from all topics, newest first', async () => {
    const ines = account('Ines');
    const trace = 'a'.repeat(32);
    await site.bus.publish([published('first', 1, 'äöü')]);
    await eventually(async () =>
      expect(await service.get('/api/v1/activity')).toMatchObject({ body: { items: [{ id: 1 }] } }),
    );
    await site.bus.publish([
      traced(posted(comment('first'), ines, 'Oh!'), trace),
      traced(stageChanged('search', ines), trace),
    ]);
    await eventually(async () => {
      const { body } = await service.get('/api/v1/activity');
      expect(body).toMatchObject({ items: [{ id: 3 }, { id: 2 }, { id: 1 }], nextCursor: null });
    });
    const { body } = await service.get('/api/v1/activity?context=article');
    expect(body).toEqual({
      items: [
        {
          id: 1,
          eventId: 'first/1',
          type: 'newscience.article.Published.v1',
          source: 'urn:newscience:legacy',
          subject: 'first',
          time: '2026-03-02T06:00:00.000Z',
          receivedAt: expect.any(String),
          traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
          summary: '“About first” was published.',
          data: expect.objectContaining({ id: 'first', bodyBytes: 6 }),
          erasedAt: null,
        },
      ],
      nextCursor: null,
    });
    expect(JSON.stringify(body)).not.toContain('äöü');
    expect(await service.get(`/api/v1/activity/traces/${trace}`)).toMatchObject({
      status: 200,
      body: { count: 2, items: [{ traceId: trace }, { traceId: trace }], nextCursor: null },
    });
    expect(await service.get('/api/v1/activity/subjects/first')).toMatchObject({
      body: {
        items: [
          { subject: 'first' },
          { summary: 'A comment of Ines on first was posted.', data: { text: 'Oh!' } },
        ],
      },
    });
    expect(await service.get('/api/v1/activity/counters?check=true')).toMatchObject({
      body: {
        items: [
          { type: 'newscience.article.Published.v1', count: 1, stored: 1 },
          { type: 'newscience.comment.Posted.v1', count: 1, stored: 1 },
          { type: 'newscience.route.StageChanged.v1', count: 1, stored: 1 },
        ],
        agrees: true,
      },
    });
  });

  it('is ready, and ends in order with its streams', async () => {
    const response = await fetch(`${service.url()}/health/ready`);
    expect(await response.json()).toMatchObject({
      status: 'ready',
      checks: { bus: { detail: '0 events behind' }, database: {}, timeline: {} },
    });
    const token = await site.issuer.token();
    const stream = await openEventStream({ url: `${service.url()}/api/v1/activity/stream`, token });
    expect(await service.process.kill()).toEqual({ code: 0, signal: null });
    expect(await stream.ended).toBe('whole');
    expect(service.process.output()).toBe('');
  });
});
