import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  absent,
  at,
  definition,
  startOperatorApi,
  type OperatorApi,
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

describe('defining a route', () => {
  it('makes it, shows it, and lists it before the default route', async () => {
    const made = await put('search', definition());
    const route = {
      id: 'search',
      path: '/api/v1/search',
      methods: ['GET', 'HEAD'],
      target: 'search',
      stage: 'cutover',
      revision: 1,
      lastChange: { at: expect.any(String), by: { id: 'ada-1', name: 'Ada' }, why },
      answeredBy: { name: 'search', origin: api.monolith.origin },
      resolved: true,
    };
    expect(made).toEqual({ status: 201, etag: '"1"', body: route });
    expect(await call('/routes/search')).toEqual({ status: 200, etag: '"1"', body: route });
    const list = await call('/routes');
    expect(list.body).toMatchObject({
      revision: 1,
      source: 'database',
      items: [route, { id: 'default', path: '*', stage: 'monolith', revision: 0 }],
    });
  });

  it('replaces it at the revision that is named', async () => {
    await put('search', definition());
    const replaced = await put('search', definition({ methods: [], stage: 'monolith' }), at(1));
    expect(replaced).toMatchObject({
      status: 200,
      etag: '"3"',
      body: { methods: [], stage: 'monolith', answeredBy: { name: 'monolith' } },
    });
  });

  it('changes nothing where all is as asked already', async () => {
    await put('search', definition());
    expect(await put('search', definition(), at(1))).toMatchObject({ status: 200, etag: '"1"' });
    expect(await call('/audit')).toMatchObject({
      body: { items: [{ revision: 1 }], nextCursor: null },
    });
  });

  it('lists routes in the order of precedence', async () => {
    await put('all', definition({ path: '/*' }));
    await put('article', definition({ path: '/articles/:id' }));
    await put('latest', definition({ path: '/articles/latest' }));
    const { body } = await call('/routes');
    expect(body).toMatchObject({
      items: [{ id: 'latest' }, { id: 'article' }, { id: 'all' }, { id: 'default' }],
    });
  });

  it.each([
    [
      'bad pattern',
      { path: '/api//search' },
      'path_invalid',
      '/body/path',
      'at character 6: an empty segment',
    ],
    [
      'unknown target',
      { target: 'serach' },
      'target_unknown',
      '/body/target',
      'no upstream is named "serach"',
    ],
    [
      'forbidden target',
      { target: 'http://169.254.169.254' },
      'target_not_allowed',
      '/body/target',
      'routes may not lead to the host "169.254.169.254"',
    ],
    [
      'the gateway itself',
      { target: 'http://localhost:8080' },
      'target_not_allowed',
      '/body/target',
      'go round in circles',
    ],
    [
      'target with a path',
      { target: 'http://127.0.0.1:1/x' },
      'target_invalid',
      '/body/target',
      'a target has no path',
    ],
    ['unknown stage', { stage: 'canary' }, 'stage_unknown', '/body/stage', 'no such stage'],
    [
      'bad method',
      { methods: ['get'] },
      'methods_invalid',
      '/body/methods/0',
      'not an HTTP method',
    ],
    ['no reason', { why: undefined }, 'validation_failed', '/body/why', 'is missing'],
    ['too short a reason', { why: ' ok ' }, 'validation_failed', '/body/why', ''],
    ['a U+0000 in the reason', { why: 'a \0 in it' }, 'validation_failed', '/body/why', ''],
    ['too long a reason', { why: 'x'.repeat(501) }, 'validation_failed', '/body/why', ''],
    ['unknown field', { weight: 5 }, 'validation_failed', '/body/weight', 'is not known here'],
  ])('is refused: %s', async (_, changes, code, pointer, problem) => {
    const { status, body } = await put('search', definition(changes));
    expect({ status, body }).toMatchObject({
      status: 400,
      body: {
        code,
        faults: [
          { pointer, problem: expect.stringContaining(problem), remedy: expect.any(String) },
        ],
      },
    });
    expect(await call('/audit')).toMatchObject({ body: { items: [] } });
  });

  it('names the upstreams that there are', async () => {
    const { body } = await put('search', definition({ target: 'serach' }));
    expect(body).toMatchObject({
      detail: expect.stringContaining('known upstreams: down, monolith, search'),
    });
  });

  it('says all that is wrong at once', async () => {
    const { body } = await put('Search', definition({ path: 'x', target: 'y', stage: 'z' }));
    expect(body).toMatchObject({
      code: 'route_invalid',
      faults: [
        { pointer: '/params/id' },
        { pointer: '/body/path' },
        { pointer: '/body/target' },
        { pointer: '/body/stage' },
      ],
    });
  });

  it('takes reasons from three to five hundred characters', async () => {
    expect(await put('one', definition({ path: '/1', why: 'why' }))).toMatchObject({ status: 201 });
    expect(await put('two', definition({ path: '/2', why: 'x'.repeat(500) }))).toMatchObject({
      status: 201,
    });
  });

  it('is refused where another route takes the same requests', async () => {
    await put('search', definition());
    expect(await put('other', definition())).toMatchObject({
      status: 409,
      body: { code: 'route_duplicate', detail: expect.stringContaining('Route "search"') },
    });
  });

  it.each(['default', 'explain'])('is refused under the name %s', async (id) => {
    expect(await put(id, definition())).toMatchObject({
      status: 400,
      body: { code: 'id_invalid' },
    });
  });
});

describe('a target that does not answer', () => {
  it.each([['down'], [undefined]])('is refused, and taken with force: %s', async (name) => {
    const target = name ?? api.dead;
    const refused = await put('search', definition({ target }));
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'target_unreachable', detail: expect.stringContaining('force=true') },
    });
    expect(await put('search', definition({ target }), absent, '?force=true')).toMatchObject({
      status: 201,
    });
  });

  it('is refused where it accepts and stays silent', async () => {
    const silent = createServer(() => undefined);
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const target = `http://127.0.0.1:${address.port}`;
    const refused = await put('search', definition({ target }));
    silent.close();
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'target_unreachable', detail: expect.stringContaining('no answer within') },
    });
  });

  it('is noticed at a new stage too, and never bars the way back', async () => {
    await put('search', definition({ target: 'down', stage: 'monolith' }), absent, '?force=true');
    const change = (stage: string, revision: number, query = '') =>
      call(`/routes/search/stage${query}`, {
        method: 'POST',
        body: { stage, why },
        headers: at(revision),
      });
    expect(await change('cutover', 1)).toMatchObject({
      status: 409,
      body: { code: 'target_unreachable' },
    });
    expect(await change('cutover', 1, '?force=true')).toMatchObject({ status: 200, etag: '"2"' });
    expect(await change('monolith', 2)).toMatchObject({ status: 200, etag: '"3"' });
    const back = definition({ target: 'down', stage: 'monolith', methods: [] });
    expect(await put('search', back, at(3))).toMatchObject({ status: 200 });
  });
});

describe('changing a stage', () => {
  const change = (body: object, headers: Record<string, string> = at(1), id = 'search') =>
    call(`/routes/${id}/stage`, { method: 'POST', body: { why, ...body }, headers });

  it('goes onward and back', async () => {
    await put('search', definition({ stage: 'monolith' }));
    expect(await change({ stage: 'cutover' })).toMatchObject({
      status: 200,
      etag: '"2"',
      body: { stage: 'cutover' },
    });
    expect(await change({ stage: 'monolith' }, at(2))).toMatchObject({
      status: 200,
      etag: '"3"',
      body: { stage: 'monolith' },
    });
  });

  it('is refused where it is there already, is not known, or there is no such route', async () => {
    await put('search', definition());
    expect(await change({ stage: 'cutover' })).toMatchObject({
      status: 409,
      body: { code: 'route_stage_refused' },
    });
    expect(await change({ stage: 'shadow' })).toMatchObject({
      status: 400,
      body: { code: 'stage_unknown', faults: [{ remedy: 'use one of: monolith, cutover' }] },
    });
    expect(await change({ stage: 'cutover' }, at(1), 'gone')).toMatchObject({
      status: 404,
      body: { code: 'route_not_found' },
    });
    expect(await change({ stage: 'cutover' }, at(0), 'default')).toMatchObject({
      status: 409,
      body: { code: 'route_default_fixed' },
    });
  });
});

describe('removing a route', () => {
  const remove = (id: string, headers: Record<string, string> = at(1), body: object = { why }) =>
    call(`/routes/${id}`, { method: 'DELETE', body, headers });

  it('leaves its requests to the next one', async () => {
    await put('search', definition());
    expect(await remove('search')).toEqual({ status: 204, etag: null, body: undefined });
    expect(await call('/routes/search')).toMatchObject({
      status: 404,
      body: { code: 'route_not_found' },
    });
    expect(await call('/routes/explain?method=GET&path=/api/v1/search')).toMatchObject({
      body: { decision: { routeId: 'default' } },
    });
  });

  it('is refused for the default route, an unknown one, and without a reason', async () => {
    expect(await remove('default', at(0))).toMatchObject({
      status: 409,
      body: { code: 'route_default_fixed' },
    });
    expect(await remove('gone')).toMatchObject({ status: 404 });
    expect(await remove('gone', at(1), {})).toMatchObject({
      status: 400,
      body: { faults: [{ pointer: '/body/why' }] },
    });
  });
});

describe('explaining', () => {
  it('says which route takes a request, and why no other does', async () => {
    await put('search', definition());
    await put('api', definition({ path: '/api/*', methods: [] }));
    const { body } = await call(
      `/routes/explain?method=GET&path=${encodeURIComponent('/api/v1/%73earch?q=moon')}`,
    );
    expect(body).toMatchObject({
      decision: {
        routeId: 'search',
        stage: 'cutover',
        upstream: { name: 'search', origin: api.monolith.origin },
      },
      readAs: ['api', 'v1', 'search'],
      candidates: [
        { routeId: 'search', outcome: 'chosen' },
        { routeId: 'api', outcome: 'less_specific' },
      ],
    });
    expect(await call('/routes/explain?method=GET&path=/api/../x')).toMatchObject({
      body: { readAs: null, decision: { routeId: 'default' } },
    });
  });

  it('finds nothing under a name that no route can have', async () => {
    expect(await call(`/routes/${'x'.repeat(101)}`)).toMatchObject({ status: 400 });
  });

  it('needs a method and a path', async () => {
    expect(await call('/routes/explain')).toMatchObject({
      status: 400,
      body: { faults: [{ pointer: '/query/method' }, { pointer: '/query/path' }] },
    });
  });
});

describe('the document', () => {
  it('was held against every answer that it describes, but for those to strangers and latecomers', () => {
    // What only a broken server or a too large body answers is the service kit's to test.
    const left = api.conformance
      .uncovered()
      .filter((line) => / \/routes.* (20[014]|400|404|409)$/.test(line));
    expect(left).toEqual([]);
  });
});
