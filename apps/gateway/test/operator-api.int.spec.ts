import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHealth } from '@newscience/service-kit/health';
import { listen, type Listening } from '@newscience/service-kit/http-server';
import { createLogger } from '@newscience/service-kit/logging';
import { createMetrics } from '@newscience/service-kit/metrics';
import { createTokenVerifier } from '@newscience/service-kit/operator-auth';
import { createPool } from '@newscience/service-kit/postgres';
import { freePort } from '@newscience/testing/free-port';
import { createConformance } from '@newscience/testing/openapi-conformance';
import type { TestDatabase } from '@newscience/testing/template-database';
import pg from 'pg';
import { createPostgresRouteStore } from '../src/adapters/postgres-route-store.ts';
import { createTargetProbe } from '../src/adapters/target-probe.ts';
import { createOperatorApp } from '../src/app.ts';
import { createCurrentTable } from '../src/current-table.ts';
import { openApi } from '../src/openapi.ts';
import { createRouteAdministration } from '../src/route-administration.ts';
import { createTableFeed, type TableFeed } from '../src/table-feed.ts';
import { startFakeMonolith, type FakeMonolith, type TokenWishes } from './fake-monolith.ts';
import { gatewayDatabase } from './gateway-database.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const conformance = createConformance(openApi);

let monolith: FakeMonolith;
let database: TestDatabase;
let pool: pg.Pool;
let feed: TableFeed;
let api: Listening;
let dead: string;

beforeAll(async () => {
  monolith = await startFakeMonolith();
  database = await gatewayDatabase();
  dead = `http://127.0.0.1:${await freePort()}`;
  pool = createPool({ url: database.url, applicationName: 'test', logger });
  const policy = {
    upstreams: new Map([
      ['monolith', monolith.origin],
      ['search', monolith.origin],
      ['down', dead],
    ]),
    allowedHosts: new Set<string>(),
    own: { hosts: new Set<string>(), ports: new Set([8080, 8081]) },
  };
  const store = createPostgresRouteStore(pool);
  const current = createCurrentTable(policy);
  const snapshot = {
    path: '',
    read: () => Promise.resolve({ kind: 'absent' as const }),
    write: () => Promise.resolve(),
  };
  feed = createTableFeed({ store, current, snapshot, logger });
  await feed.start();
  const probe = createTargetProbe({ timeoutMs: 300 });
  const administration = createRouteAdministration({
    store,
    current,
    feed,
    policy,
    probe,
    now: () => new Date(),
  });
  const verifyToken = createTokenVerifier({
    jwksUrl: `${monolith.origin}/.well-known/jwks.json`,
    issuer: 'newscience',
    audience: 'newscience',
  });
  const metrics = createMetrics('gateway');
  const app = createOperatorApp({
    administration,
    store,
    current,
    feed,
    policy,
    verifyToken,
    logger,
    metrics,
    health: createHealth(),
  });
  api = await listen({ app, host: '127.0.0.1', port: 0, logger });
});

afterAll(async () => {
  await api.close(0);
  await feed.stop();
  await pool.end();
  await database.drop();
  await monolith.close();
});

beforeEach(async () => {
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  await owner.query(
    'TRUNCATE route; TRUNCATE audit.route_change; UPDATE route_table SET revision = 0',
  );
  await owner.end();
  await feed.look();
});

type Sent = {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  as?: TokenWishes | null;
};

/** One call, held against the OpenAPI document. */
async function call(path: string, { method = 'GET', body, headers = {}, as = {} }: Sent = {}) {
  const response = await fetch(`http://127.0.0.1:${api.port}${path}`, {
    method,
    headers: {
      ...(as === null ? {} : { authorization: `Bearer ${await monolith.token(as)}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  const seen = { method, path, status: response.status, headers: response.headers, body: text };
  expect(conformance.check(seen)).toEqual([]);
  const parsed: unknown = text === '' ? undefined : JSON.parse(text);
  return { status: response.status, etag: response.headers.get('etag'), body: parsed };
}

const absent = { 'if-none-match': '*' };
const at = (revision: number) => ({ 'if-match': `"${revision}"` });
const why = 'the search service has caught up';

function definition(changes: object = {}) {
  return {
    path: '/api/v1/search',
    methods: ['GET', 'HEAD'],
    target: 'search',
    stage: 'cutover',
    why,
    ...changes,
  };
}

const put = (id: string, body: unknown, headers: Record<string, string> = absent, query = '') =>
  call(`/routes/${id}${query}`, { method: 'PUT', body, headers });

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
      answeredBy: { name: 'search', origin: monolith.origin },
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
    const target = name ?? dead;
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
        upstream: { name: 'search', origin: monolith.origin },
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

  it('needs a method and a path', async () => {
    expect(await call('/routes/explain')).toMatchObject({
      status: 400,
      body: { faults: [{ pointer: '/query/method' }, { pointer: '/query/path' }] },
    });
  });
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
  it('was held against every answer that it describes', () => {
    // What only a broken server or a too large body answers is the service kit's to test.
    const left = conformance.uncovered().filter((line) => !/ (413|415|500|503)$/.test(line));
    expect(left).toEqual([]);
  });
});
