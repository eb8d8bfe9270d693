import { beforeAll, describe, expect, it } from '@jest/globals';
import { apiClient } from './api.ts';
import { runningSite } from './site.ts';
import { serviceUrl } from './support/backbone.ts';
import { bodyOf } from './support/newsroom.ts';
import { filled, operationsOf } from './support/openapi.ts';
import { known, newReader, type Person } from './support/people.ts';
import { expectDecentAnswer, expectFaultsWhereInvalid } from './support/problem.ts';

const site = runningSite();
const names = ['activity-service', 'migrator'] as const;
const operations = names.flatMap((name) =>
  operationsOf(name).map((operation) => ({ name, base: serviceUrl(site, name), ...operation })),
);
let operator: Person;
let reader: Person;
let editor: Person;

beforeAll(async () => {
  operator = await known(site.url, site.credentials.operator);
  editor = await known(site.url, site.credentials.editor);
  reader = await newReader(site.url, 'Curious');
});

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('the operator APIs', () => {
  it('are all behind the role of operators', async () => {
    expect(operations.length).toBeGreaterThan(12);
    const [, claims = ''] = operator.token.split('.');
    const tokens: [string, string | undefined, number][] = [
      ['none', undefined, 401],
      ['empty', '', 401],
      ['nonsense', 'x.y.z', 401],
      ['unsigned', `${encode({ alg: 'none', typ: 'JWT' })}.${claims}.`, 401],
      ['signature cut', operator.token.slice(0, -4), 401],
      ['of a reader', reader.token, 403],
      ['of an editor', editor.token, 403],
    ];
    for (const { name, base, method, path } of operations)
      for (const [whose, token, status] of tokens) {
        const what = `${name} ${method} ${path}, token ${whose}`;
        const answer = await apiClient(base, token)(
          method,
          filled(path, '1'),
          method === 'POST' ? { why: 'to see whether I may' } : undefined,
        );
        expectDecentAnswer(answer, what);
        expect({ what, status: answer.status }).toEqual({ what, status });
        if (status === 401) expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
      }
  });

  it('are not on the public port', async () => {
    for (const { path } of operations) {
      const answer = await operator.call('GET', filled(path, '1'));
      expect({ path, status: answer.status }).toEqual({ path, status: 404 });
    }
  });

  it('take neither a session cookie nor a token in the query', async () => {
    for (const { base, method, path } of operations.filter((one) => one.method === 'GET')) {
      const url = `${filled(path, '1')}?access_token=${operator.token}&token=${operator.token}`;
      const headers = { cookie: `ns_session=x; token=${operator.token}` };
      expect((await apiClient(base)(method, url, undefined, headers)).status).toBe(401);
    }
  });

  it('answer no other site of a browser', async () => {
    for (const { base, path } of operations) {
      const origin = { origin: 'https://evil.example' };
      const asked = await apiClient(base)('OPTIONS', filled(path, '1'), undefined, {
        ...origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      });
      expect(asked.headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

describe('bad requests of an operator', () => {
  const wrong = [
    '',
    ' ',
    '%00',
    '%ff',
    '%',
    "'",
    '-1',
    '0x10',
    '1e3',
    '1.5',
    '9'.repeat(30),
    '__proto__',
    '%F0%9F%98%80',
    'x'.repeat(5_000),
  ];

  it('in a query are told as 400 with every fault', async () => {
    for (const { name, base, method, path, query } of operations) {
      if (method !== 'GET' || query.length === 0 || path.includes('stream')) continue;
      const call = apiClient(base, operator.token);
      for (const parameter of query)
        for (const value of wrong) {
          const what = `${name} ${path}?${parameter}=${value.slice(0, 40)}`;
          const answer = await call(method, `${filled(path, 'a1')}?${parameter}=${value}`);
          expectDecentAnswer(answer, what);
          expectFaultsWhereInvalid(answer, what);
        }
      const twice = await call(method, `${filled(path, 'a1')}?${query[0]}=1&${query[0]}=2`);
      expectDecentAnswer(twice, `${path} twice`);
    }
  });

  it('in a path are refused, and nothing is read as another path', async () => {
    for (const { name, base, method, path, params } of operations) {
      if (params.length === 0 || method !== 'GET') continue;
      for (const value of [...wrong.filter((text) => text.trim() !== '')]) {
        const what = `${name} ${path} ${value.slice(0, 40)}`;
        const answer = await apiClient(base, operator.token)(method, filled(path, value));
        expectDecentAnswer(answer, what);
        expectFaultsWhereInvalid(answer, what);
        expect({ what, status: answer.status }).not.toEqual({ what, status: 200 });
      }
    }
  });

  it('several at once are told together', async () => {
    const call = apiClient(serviceUrl(site, 'activity-service'), operator.token);
    const bad = 'type=%20&context=UP&trace=x&from=x&to=y&limit=0&cursor=z';
    for (const [path, wanted] of [
      [`/api/v1/activity?${bad}&subject=${'x'.repeat(201)}`, 8],
      [`/api/v1/activity/stream?${bad}&after=x`, 6],
      ['/admin/events/dead-letters?limit=999&before=0&consumer=', 3],
      ['/admin/events/audit?limit=0&before=x', 2],
      ['/api/v1/activity/traces/xyz?limit=0&cursor=x', 3],
    ] as const) {
      const answer = await call('GET', path);
      expect({ path, status: answer.status }).toEqual({ path, status: 400 });
      const { faults } = bodyOf<{ faults: object[] }>(answer);
      expect({ path, faults }).toEqual({ path, faults: expect.anything() });
      expect({ path, enough: faults.length >= wanted, faults }).toMatchObject({ enough: true });
    }
  });

  it('a cursor that was mangled is told, and is not the first page again', async () => {
    for (const name of names)
      for (const { path, query, base } of operations.filter((one) => one.name === name)) {
        if (!query.includes('cursor') || path.includes('{') || path.endsWith('rejected')) continue;
        for (const cursor of ['abc', '-1', '9'.repeat(40)]) {
          const answer = await apiClient(base, operator.token)('GET', `${path}?cursor=${cursor}`);
          expect({ path, cursor, status: answer.status }).toEqual({ path, cursor, status: 400 });
        }
      }
  });

  it.each([1, 200])('a limit of %d is taken, and one beyond is not', async (limit) => {
    for (const { base, path, query } of operations.filter(({ query }) => query.includes('limit'))) {
      if (path.includes('{')) continue;
      expect(query).toContain('limit');
      const call = apiClient(base, operator.token);
      expect((await call('GET', `${path}?limit=${limit}`)).status).toBe(200);
      expect((await call('GET', `${path}?limit=${limit === 1 ? 0 : 201}`)).status).toBe(400);
    }
  });

  it('in a body are refused, whatever it is', async () => {
    const posts = operations.filter(({ method }) => method === 'POST');
    expect(posts.length).toBeGreaterThan(2);
    for (const { name, base, path } of posts) {
      const send = (type: string, body: string | Uint8Array): Promise<Response> =>
        fetch(new URL(filled(path, '1'), base), {
          method: 'POST',
          headers: { authorization: `Bearer ${operator.token}`, 'content-type': type },
          body,
        });
      const bodies: [string, string, string | Uint8Array, number[]][] = [
        ['cut', 'application/json', '{"why":', [400]],
        ['an array', 'application/json', '["why"]', [400]],
        ['a number', 'application/json', '{"why":7}', [400]],
        ['blank', 'application/json', '{"why":"     "}', [400]],
        ['too short', 'application/json', '{"why":"x"}', [400]],
        ['too long', 'application/json', JSON.stringify({ why: 'x'.repeat(501) }), [400]],
        ['NUL', 'application/json', '{"why":"a\\u0000bcd"}', [400]],
        ['deep', 'application/json', `${'['.repeat(5_000)}${']'.repeat(5_000)}`, [400]],
        [
          'two megabytes',
          'application/json',
          JSON.stringify({ why: 'x'.repeat(2_000_000) }),
          [413],
        ],
        ['a form', 'application/x-www-form-urlencoded', 'why=because', [415]],
        ['text', 'text/plain', '{"why":"because"}', [415]],
        ['not UTF-8', 'application/json', new Uint8Array([0x22, 0xff, 0x22]), [400]],
      ];
      for (const [what, type, body, statuses] of bodies) {
        const response = await send(type, body);
        const told = { name, path, what, status: response.status };
        expect(told).toEqual({ name, path, what, status: expect.any(Number) });
        expect({ ...told, ok: statuses.includes(response.status) }).toEqual({ ...told, ok: true });
        expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      }
    }
  });

  it('with another method are told which there are', async () => {
    for (const { base, path } of operations) {
      const answer = await apiClient(base, operator.token)('PATCH', filled(path, '1'));
      expect(answer.status).toBe(405);
      expect(answer.headers.get('allow')).toMatch(/GET|POST/);
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    }
  });
});

describe('health and metrics', () => {
  it('say that all is well, without a token and without a secret', async () => {
    for (const name of names) {
      const call = apiClient(serviceUrl(site, name));
      expect((await call('GET', '/health/live')).status).toBe(200);
      const ready = await call('GET', '/health/ready');
      expect(ready).toMatchObject({ status: 200, json: { status: 'ready' } });
      const metrics = await call('GET', '/metrics');
      expect(metrics.status).toBe(200);
      expect(metrics.text).toMatch(/^# HELP/m);
      for (const { text } of [ready, metrics]) expect(text).not.toMatch(/postgres:\/\/|password/i);
    }
    const { text } = await apiClient(serviceUrl(site, 'migrator'))('GET', '/metrics');
    const values = [...text.matchAll(/^(\w*lag_(?:bytes|seconds))\{.*\} \d/gm)];
    expect(values.map(([, metric]) => metric)).toEqual(
      expect.arrayContaining(['capture_lag_bytes', 'capture_lag_seconds']),
    );
  });

  it('an idle site has no lag, and gets none', async () => {
    const migrator = apiClient(serviceUrl(site, 'migrator'), operator.token);
    const activity = apiClient(serviceUrl(site, 'activity-service'), operator.token);
    for (let second = 0; second < 3; second += 1) {
      const state = bodyOf<{
        status: string;
        lagBytes: number;
        lagSeconds: number;
        heldBackBytes: number;
      }>(await migrator('GET', '/api/v1/capture'));
      expect(state).toMatchObject({ status: 'streaming' });
      expect(state.lagSeconds).toBeLessThan(30);
      expect(state.lagBytes).toBeLessThan(1_000_000);
      expect(state.heldBackBytes).toBeLessThan(64 * 1024 * 1024);
      const lag = bodyOf<{ items: { behind: number }[] }>(
        await activity('GET', '/admin/events/lag'),
      );
      expect(lag.items.reduce((sum, { behind }) => sum + behind, 0)).toBeLessThan(50);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    expect((await migrator('GET', '/api/v1/capture/rejected')).json).toEqual({
      items: [],
      nextCursor: null,
    });
  });
});
