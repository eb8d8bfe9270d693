import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHealth } from '@newscience/service-kit/health';
import { createHttpApp } from '@newscience/service-kit/http-app';
import { listen } from '@newscience/service-kit/http-server';
import { createLogger } from '@newscience/service-kit/logging';
import { createMetrics } from '@newscience/service-kit/metrics';
import { buildOpenApi } from '@newscience/service-kit/openapi';
import type { TokenVerifier } from '@newscience/service-kit/operator-auth';
import { defineProblems } from '@newscience/service-kit/problem';

import { createBulkhead } from './bulkhead.ts';
import { createCircuitBreaker } from './circuit-breaker.ts';
import type { CircuitStore } from './circuit-store.ts';
import { countWindow } from './domain/trip/count-window.ts';
import { createMemoryBucketStore } from './memory/bucket-store.ts';
import { createMemoryCircuitStore } from './memory/circuit-store.ts';
import { createMemoryDeliveryStore } from './memory/delivery-store.ts';
import { createObserver } from './observe.ts';
import { resilienceOperations, resilienceProblems, resilienceRoutes } from './operator-api.ts';
import { createResilienceRegistry } from './registry.ts';
import { createSharedCircuits } from './shared-circuits.ts';
import { startThrottledDelivery } from './throttled-delivery.ts';
import { createTokenBucket } from './token-bucket.ts';

const verifyToken: TokenVerifier = (token) =>
  Promise.resolve({
    ok: true,
    value: { sub: 'u1', role: token, name: 'Ada', expiresAt: new Date(Date.now() + 60_000) },
  });

type Line = Record<string, unknown>;
const closing: (() => Promise<unknown>)[] = [];
let lines: Line[];
beforeEach(() => {
  lines = [];
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve() {
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Line) };
  const logger = createLogger({ service: 'sample', destination });
  const metrics = createMetrics('sample');
  const on = createObserver({ logger, metrics });
  const store = createMemoryCircuitStore();
  const circuits = createSharedCircuits({ store, on });
  const trip = countWindow({ calls: 4, ratio: 0.5, minimumCalls: 2 });
  const monolith = createCircuitBreaker({ name: 'monolith', trip, on });
  const provider = createCircuitBreaker({ name: 'provider', trip, on, shared: circuits });
  const bucket = createTokenBucket({ name: 'fraud', ratePerSecond: 5, burst: 2, on });
  const delivery = startThrottledDelivery({
    ...{ name: 'digest', maxPerSecond: 5, on, deliver: () => Promise.resolve() },
    ...{ store: createMemoryDeliveryStore(), rate: createMemoryBucketStore() },
  });
  const registry = createResilienceRegistry();
  registry.add({ circuits: [monolith, provider], buckets: [bucket], deliveries: [delivery] });
  registry.add(() => ({
    bulkheads: [createBulkhead({ name: 'pages', concurrency: 8, queue: 2 })],
  }));
  const app = createHttpApp({
    ...{ name: 'sample', logger, metrics, health: createHealth() },
    problems: defineProblems(resilienceProblems),
    routes: (routes) => routes.use(resilienceRoutes({ registry, verifyToken, logger })),
  });
  const server = await listen({ app, host: '127.0.0.1', port: 0, logger });
  closing.push(
    () => circuits.close(),
    () => delivery.stop(),
    () => server.close(1000),
  );
  const request = async (method: string, path: string, body?: unknown, role = 'operator') => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
      method,
      headers: { authorization: `Bearer ${role}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json: unknown = text.startsWith('{') ? JSON.parse(text) : undefined;
    return { status: response.status, text, json };
  };
  return { request, monolith, store };
}
const fail = () => Promise.reject(new Error('failed'));

describe('/admin/resilience', () => {
  it('shows every policy, and why a circuit is open', async () => {
    const { request, monolith } = await serve();
    for (let n = 0; n < 2; n += 1) await monolith.execute(fail).catch(() => undefined);
    expect((await request('GET', '/admin/resilience')).json).toEqual({
      circuits: [
        expect.objectContaining({
          ...{ name: 'monolith', kind: 'open', scope: 'local', opens: 1 },
          reason: '2 of 2 calls failed, in the last 4 calls; it opens from 0.5 on',
        }),
        {
          name: 'provider',
          kind: 'closed',
          votes: 0,
          scope: 'local',
          generation: 0,
          store: 'reachable',
        },
      ],
      buckets: [{ name: 'fraud', tokens: 2 }],
      bulkheads: [{ name: 'pages', running: 0, concurrency: 8, queued: 0, queue: 2 }],
      deliveries: [{ name: 'digest', state: { waiting: 0, dead: 0, oldestMs: 0, paused: null } }],
    });
  });

  it('isolates and resets with a reason, and logs who did it', async () => {
    const { request, monolith } = await serve();
    const path = '/admin/resilience/circuits/monolith';
    expect((await request('POST', `${path}/isolate`, { why: 'maintenance' })).json).toMatchObject({
      ...{ kind: 'isolated', why: 'maintenance' },
    });
    await expect(monolith.execute(() => 1)).rejects.toMatchObject({ state: 'isolated' });
    expect((await request('POST', `${path}/reset`, { why: 'it is done' })).json).toMatchObject({
      kind: 'closed',
    });
    expect(await monolith.execute(() => 1)).toBe(1);
    const actions = lines.filter(({ msg }) => msg === 'operator action');
    expect(actions).toEqual([
      expect.objectContaining({
        action: 'isolateCircuit',
        policy: 'monolith',
        why: 'maintenance',
        actor: 'Ada',
      }),
      expect.objectContaining({ action: 'resetCircuit', actorId: 'u1' }),
    ]);
  });

  it('pauses and resumes a queue', async () => {
    const { request } = await serve();
    const path = '/admin/resilience/deliveries/digest';
    expect((await request('POST', `${path}/pause`, { why: 'too many bounces' })).status).toBe(204);
    expect((await request('GET', '/admin/resilience')).json).toMatchObject({
      deliveries: [{ state: { paused: { why: 'too many bounces' } } }],
    });
    expect((await request('POST', `${path}/resume`, { why: 'fixed' })).status).toBe(204);
  });

  it.each([
    [
      'an unknown circuit',
      '/admin/resilience/circuits/none/reset',
      { why: 'because' },
      'operator',
      404,
    ],
    ['no reason', '/admin/resilience/circuits/monolith/reset', {}, 'operator', 400],
    ['a reader', '/admin/resilience/circuits/monolith/reset', { why: 'because' }, 'reader', 403],
  ])('refuses %s', async (_case, path, body, role, status) => {
    const { request } = await serve();
    expect((await request('POST', path, body, role)).status).toBe(status);
  });

  it('says that shared state cannot be changed while its store is away', async () => {
    const { request, store } = await serve();
    const broken: CircuitStore['read'] = () => Promise.reject(new Error('no connection'));
    store.read = broken;
    const path = '/admin/resilience/circuits/provider/isolate';
    expect(await request('POST', path, { why: 'because' })).toMatchObject({
      status: 503,
      json: { code: 'unavailable', retryable: true },
    });
  });

  it('is part of an OpenAPI document', () => {
    const document = buildOpenApi({
      ...{ title: 't', version: '1', description: 'd', operations: resilienceOperations },
    });
    expect(Object.keys(document.paths ?? {})).toHaveLength(5);
  });
});

describe('what is reported', () => {
  it('is in the metrics, and each transition is a line with its reason', async () => {
    const { request, monolith } = await serve();
    for (let n = 0; n < 3; n += 1) await monolith.execute(fail).catch(() => undefined);
    const { text } = await request('GET', '/metrics');
    for (const line of [
      'resilience_circuit_state{circuit="monolith",state="open",service="sample"} 1',
      'resilience_circuit_state{circuit="monolith",state="closed",service="sample"} 0',
      'resilience_circuit_state{circuit="provider",state="closed",service="sample"} 1',
      'resilience_circuit_transitions_total{circuit="monolith",from="closed",to="open",scope="local",service="sample"} 1',
      'resilience_rejections_total{policy="monolith",kind="circuit",reason="open",service="sample"} 1',
    ])
      expect(text).toContain(line);
    expect(lines).toContainEqual(
      expect.objectContaining({
        ...{ level: 'warn', msg: 'circuit opened', circuit: 'monolith', openForMs: 30_000 },
        reason: {
          rule: 'count-window',
          counts: 'failures',
          bad: 2,
          calls: 2,
          ratio: 0.5,
          window: 4,
        },
      }),
    );
  });
});
