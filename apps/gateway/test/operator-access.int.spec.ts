import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startFakeMonolith } from './fake-monolith.ts';
import {
  absent,
  at,
  definition,
  startOperatorApi,
  type OperatorApi,
  type Sent,
  why,
} from './operator-api-fixture.ts';

let api: OperatorApi;

beforeAll(async () => {
  api = await startOperatorApi();
});

afterAll(() => api.close());

beforeEach(() => api.empty());

const put: OperatorApi['put'] = (...args) => api.put(...args);
const call: OperatorApi['call'] = (...args) => api.call(...args);

describe('two operators at once', () => {
  it('shows the second one what the first one left', async () => {
    await put('search', definition({ stage: 'monolith' }));
    const first = { stage: 'cutover', why };
    const grace = { sub: 'grace-1', name: 'Grace' };
    await call('/routes/search/stage', { method: 'POST', body: first, headers: at(1), as: grace });
    const second = await put('search', definition({ methods: [] }), at(1));
    expect(second).toMatchObject({
      status: 412,
      etag: '"2"',
      body: {
        code: 'route_revision_conflict',
        current: {
          id: 'search',
          stage: 'cutover',
          revision: 2,
          lastChange: { by: { name: 'Grace' } },
        },
        detail: expect.stringContaining('Grace changed it'),
      },
    });
  });

  it('tells who expected another state that there is one, or none', async () => {
    await put('search', definition());
    expect(await put('search', definition({ path: '/x' }), absent)).toMatchObject({
      status: 412,
      body: { current: { revision: 1 } },
    });
    expect(await put('gone', definition({ path: '/x' }), at(1))).toMatchObject({
      status: 412,
      etag: null,
      body: { current: null },
    });
    expect(
      await call('/routes/search', { method: 'DELETE', body: { why }, headers: at(7) }),
    ).toMatchObject({ status: 412 });
    const stage = { method: 'POST', body: { stage: 'monolith', why }, headers: at(7) };
    expect(await call('/routes/search/stage', stage)).toMatchObject({ status: 412 });
  });

  it('lets nobody write without saying what is expected', async () => {
    await put('search', definition());
    const required = { status: 428, body: { code: 'precondition_required' } };
    expect(await put('search', definition(), {})).toMatchObject(required);
    expect(await call('/routes/search', { method: 'DELETE', body: { why } })).toMatchObject(
      required,
    );
    expect(
      await call('/routes/search/stage', { method: 'POST', body: { stage: 'monolith', why } }),
    ).toMatchObject(required);
  });

  it.each([
    { 'if-match': '1' },
    { 'if-match': 'W/"1"' },
    { 'if-match': '*' },
    { 'if-none-match': '"1"' },
    { 'if-none-match': '*', 'if-match': '"1"' },
  ])('does not guess what %j means', async (headers) => {
    expect(await put('search', definition(), headers as Record<string, string>)).toMatchObject({
      status: 400,
      body: { code: 'validation_failed' },
    });
  });
});

describe('the audit log', () => {
  it('says who, when, why, from and to', async () => {
    await put('search', definition({ stage: 'monolith' }));
    await call('/routes/search/stage', {
      method: 'POST',
      body: { stage: 'cutover', why: 'go' + '!' },
      headers: at(1),
    });
    const state = {
      path: '/api/v1/search',
      methods: ['GET', 'HEAD'],
      target: 'search',
      stage: 'monolith',
    };
    const by = { id: 'ada-1', name: 'Ada' };
    expect(await call('/audit')).toMatchObject({
      body: {
        items: [
          {
            revision: 2,
            event: 'RouteStageChanged',
            routeId: 'search',
            by,
            why: 'go!',
            from: { stage: 'monolith' },
            to: { stage: 'cutover' },
          },
          { revision: 1, event: 'RouteDefined', routeId: 'search', by, why, from: null, to: state },
        ],
        nextCursor: null,
      },
    });
  });

  it('comes in pages', async () => {
    for (const id of ['a', 'b', 'c']) await put(id, definition({ path: `/${id}` }));
    expect(await call('/audit?limit=2')).toMatchObject({
      body: { items: [{ routeId: 'c' }, { routeId: 'b' }], nextCursor: '2' },
    });
    expect(await call('/audit?limit=2&cursor=2')).toMatchObject({
      body: { items: [{ routeId: 'a' }], nextCursor: null },
    });
    expect(await call('/audit?limit=3')).toMatchObject({ body: { nextCursor: null } });
    expect(await call('/audit?route=b')).toMatchObject({ body: { items: [{ routeId: 'b' }] } });
    expect(await call('/audit?route=%00')).toMatchObject({ status: 400 });
  });

  it.each(['limit=0', 'limit=201', 'limit=x', 'cursor=x', 'cursor=-1'])(
    'is not read with %s',
    async (query) => {
      expect(await call(`/audit?${query}`)).toMatchObject({
        status: 400,
        body: { code: 'validation_failed' },
      });
    },
  );
});

describe('who is let in', () => {
  const paths: [string, Sent][] = [
    ['/routes', {}],
    ['/routes/search', {}],
    ['/routes/explain?method=GET&path=/', {}],
    ['/audit', {}],
    ['/routes/search', { method: 'PUT', body: definition(), headers: absent }],
    ['/routes/search/stage', { method: 'POST', body: { stage: 'cutover', why }, headers: at(1) }],
    ['/routes/search', { method: 'DELETE', body: { why }, headers: at(1) }],
  ];

  it.each(paths)('nobody without a token: %s %j', async (path, sent) => {
    expect(await call(path, { ...sent, as: null })).toMatchObject({
      status: 401,
      body: { code: 'unauthorized' },
    });
  });

  it.each(paths)('nobody who is no operator: %s %j', async (path, sent) => {
    for (const role of ['reader', 'contributor', 'editor']) {
      expect(await call(path, { ...sent, as: { role } })).toMatchObject({
        status: 403,
        body: { code: 'forbidden' },
      });
    }
  });

  it.each([{ endsIn: -60 }, { issuer: 'another' }, { audience: 'another' }])(
    'nobody with a token of %j',
    async (as) => {
      expect(await call('/routes', { as })).toMatchObject({ status: 401 });
    },
  );

  it('nobody with a token that he signed himself', async () => {
    const stranger = await startFakeMonolith();
    const headers = { authorization: `Bearer ${await stranger.token()}` };
    await stranger.close();
    expect(await call('/routes', { as: null, headers })).toMatchObject({ status: 401 });
  });
});

describe('the document', () => {
  it('was held against every answer that it describes to strangers and latecomers', () => {
    // What only a broken server or a too large body answers is the service kit's to test.
    const left = api.conformance
      .uncovered()
      .filter((line) => / (401|403|412|428)$|\/audit (200|400)$/.test(line));
    expect(left).toEqual([]);
  });
});
