import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConformance } from '@newscience/testing/openapi-conformance';
import { openApi } from '../src/openapi.ts';
import { editor, operator, startMonolith } from './monolith.ts';
import type { TestMonolith } from './monolith.ts';
import { createSiteClient } from './site-client.ts';
import type { Answer, Call } from './site-client.ts';

let site: TestMonolith;
let asOperator: string;
let asEditor: string;
const conformance = createConformance(openApi);

beforeAll(async () => {
  site = await startMonolith();
  const client = createSiteClient(site.url);
  asOperator = await client.token(operator.email);
  asEditor = await client.token(editor.email);
  const lines = ['Comets', 'Asteroids', 'Comets and asteroids'].map((title, n) => ({
    id: `rock-${n}`,
    title,
    authors: ['Ada'],
    publishedAt: '2020-01-01',
    body: 'They fall.',
    section: 'Space and physics',
  }));
  await call('/api/v1/imports/articles', {
    token: asEditor,
    headers: { 'content-type': 'application/x-ndjson' },
    raw: lines.map((line) => JSON.stringify(line)).join('\n'),
  });
});
afterAll(() => site.close());

/** Every answer has to be as documented. */
async function call(path: string, init: Call = {}): Promise<Answer> {
  const answer = await createSiteClient(site.url).call(path, init);
  const method = init.method ?? ((init.json ?? init.raw ?? init.form) ? 'POST' : 'GET');
  const seen = { method, path, status: answer.status, headers: answer.headers, body: answer.text };
  expect(conformance.check(seen)).toEqual([]);
  return answer;
}

const runs = '/api/v1/search/batch-runs';
const settings = '/api/v1/search/batch-settings';

describe('search over HTTP', () => {
  it('says so while there is no index', async () => {
    expect((await call('/api/v1/search?q=comets')).body).toMatchObject({
      items: [],
      total: 0,
      nextCursor: null,
      indexedAt: null,
    });
  });

  it('builds the index on demand, at once or with waiting', async () => {
    const begun = await call(runs, { method: 'POST', token: asOperator });
    expect(begun.status).toBe(202);
    expect(begun.body).toMatchObject({ trigger: 'demand', status: 'running', endedAt: null });
    const location = begun.headers.get('location') ?? '';
    for (;;) {
      const { body } = await call(location, { token: asOperator });
      if (JSON.stringify(body).includes('"succeeded"')) break;
    }
    const waited = await call(`${runs}?wait=true`, { method: 'POST', token: asOperator });
    expect(waited.status).toBe(200);
    expect(waited.body).toMatchObject({ status: 'succeeded', articles: 3, error: null });
    const list = await call(`${runs}?limit=1`, { token: asOperator });
    expect(list.body).toMatchObject({ items: [waited.body] });
    const cursor = /"nextCursor":"([^"]+)"/.exec(list.text)?.[1] ?? '';
    const rest = await call(`${runs}?cursor=${cursor}`, { token: asOperator });
    expect(rest.body).toMatchObject({ items: [{ status: 'succeeded' }], nextCursor: null });
    expect((await call(`${runs}?cursor=x`, { token: asOperator })).status).toBe(400);
    expect((await call(`${runs}/99999`, { token: asOperator })).status).toBe(404);
  });

  it('finds, with a page after the other', async () => {
    const first = await call('/api/v1/search?q=comet%20asteroid&limit=2');
    expect(first.body).toMatchObject({
      items: [{ id: 'rock-2', title: 'Comets and asteroids', url: '/articles/rock-2' }, {}],
      total: 3,
    });
    const cursor = /"nextCursor":"([^"]+)"/.exec(first.text)?.[1] ?? '';
    const second = await call(`/api/v1/search?q=comet%20asteroid&limit=2&cursor=${cursor}`);
    expect(second.body).toMatchObject({ items: [{}], total: 3, nextCursor: null });
  });

  it.each([
    ['/api/v1/search', 400],
    ['/api/v1/search?q=', 200],
    [`/api/v1/search?q=${'x'.repeat(1000)}`, 200],
    [`/api/v1/search?q=${'x'.repeat(1001)}`, 400],
    ['/api/v1/search?q=x&limit=0', 400],
    ['/api/v1/search?q=x&limit=101', 400],
    ['/api/v1/search?q=x&limit=ten', 400],
    ['/api/v1/search?q=x&cursor=nonsense', 400],
    ['/api/v1/search?q=%00%27%22%3B--', 200],
  ])('%s is %d', async (path, status) => {
    expect((await call(path)).status).toBe(status);
  });

  it('leaves batch and settings to operators', async () => {
    for (const [path, init] of [
      [runs, { method: 'POST' }],
      [runs, {}],
      [`${runs}/1`, {}],
      [settings, {}],
      [settings, { json: { intervalMs: 0 } }],
    ] as const) {
      expect((await call(path, init)).status).toBe(401);
      expect((await call(path, { ...init, token: asEditor })).status).toBe(403);
    }
  });

  it('is switched off and on at run time', async () => {
    const token = asOperator;
    expect((await call(settings, { token })).body).toEqual({
      intervalMs: 3_600_000,
      source: 'start',
    });
    expect((await call(settings, { token, json: { intervalMs: 0 } })).body).toEqual({
      intervalMs: 0,
      source: 'operator',
    });
    expect((await call(settings, { token, json: { intervalMs: 1000 } })).status).toBe(200);
    for (const intervalMs of [1, 999, -1, 1000.5, '0', 604_800_001]) {
      expect((await call(settings, { token, json: { intervalMs } })).status).toBe(400);
    }
    await call(settings, { token, json: { intervalMs: null } });
    expect((await call(settings, { token })).body).toMatchObject({ source: 'start' });
  });

  it('refuses a second run while one is under way', async () => {
    const held = site.query("SELECT pg_advisory_lock(hashtext('srch_bat')), pg_sleep(3)");
    await new Promise((resolve) => setTimeout(resolve, 100));
    const refused = await call(runs, { method: 'POST', token: asOperator });
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ code: 'search_batch_running', retryable: true });
    await held;
  });
});
