import { expect } from '@jest/globals';
import { createHealth } from '@newscience/service-kit/health';
import { listen } from '@newscience/service-kit/http-server';
import { createLogger } from '@newscience/service-kit/logging';
import { createMetrics } from '@newscience/service-kit/metrics';
import { createTokenVerifier } from '@newscience/service-kit/operator-auth';
import { createPool } from '@newscience/service-kit/postgres';
import { freePort } from '@newscience/testing/free-port';
import { createConformance, type Conformance } from '@newscience/testing/openapi-conformance';
import pg from 'pg';
import { createPostgresRouteStore } from '../src/adapters/postgres-route-store.ts';
import { createTargetProbe } from '../src/adapters/target-probe.ts';
import { createOperatorApp } from '../src/app.ts';
import { createCurrentTable } from '../src/current-table.ts';
import { openApi } from '../src/openapi.ts';
import { createRouteAdministration } from '../src/route-administration.ts';
import { createTableFeed } from '../src/table-feed.ts';
import { startFakeMonolith, type FakeMonolith, type TokenWishes } from './fake-monolith.ts';
import { gatewayDatabase } from './gateway-database.ts';

const logger = createLogger({ service: 'test', level: 'silent' });

export type Sent = {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Who calls; `null` for nobody. Default: an operator named Ada. */
  as?: TokenWishes | null;
};

export type Answer = { status: number; etag: string | null; body: unknown };

export type OperatorApi = {
  monolith: FakeMonolith;
  /** An origin at which nothing listens; the upstream `down` leads there. */
  dead: string;
  /** What was held against the OpenAPI document: every call is. */
  conformance: Conformance;
  call: (path: string, sent?: Sent) => Promise<Answer>;
  put: (
    id: string,
    body: unknown,
    headers?: Record<string, string>,
    query?: string,
  ) => Promise<Answer>;
  /** Empties table and audit log. */
  empty: () => Promise<void>;
  close: () => Promise<void>;
};

export const absent = { 'if-none-match': '*' };
export const at = (revision: number) => ({ 'if-match': `"${revision}"` });
export const why = 'the search service has caught up';

export function definition(changes: object = {}) {
  return {
    path: '/api/v1/search',
    methods: ['GET', 'HEAD'],
    target: 'search',
    stage: 'cutover',
    why,
    ...changes,
  };
}

/** The operator API in this process, over a real database, with tokens as the monolith signs them. */
export async function startOperatorApi(): Promise<OperatorApi> {
  const monolith = await startFakeMonolith();
  const database = await gatewayDatabase();
  const dead = `http://127.0.0.1:${await freePort()}`;
  const pool = createPool({ url: database.url, applicationName: 'test', logger });
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
  const feed = createTableFeed({ store, current, snapshot, logger });
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
  const api = await listen({ app, host: '127.0.0.1', port: 0, logger });
  const conformance = createConformance(openApi);

  const call = async (
    path: string,
    { method = 'GET', body, headers = {}, as = {} }: Sent = {},
  ): Promise<Answer> => {
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
  };

  return {
    monolith,
    dead,
    conformance,
    call,
    put: (id, body, headers = absent, query = '') =>
      call(`/routes/${id}${query}`, { method: 'PUT', body, headers }),
    async empty() {
      const owner = new pg.Client({ connectionString: database.ownerUrl });
      await owner.connect();
      await owner.query(
        'TRUNCATE route; TRUNCATE audit.route_change; UPDATE route_table SET revision = 0',
      );
      await owner.end();
      await feed.look();
    },
    async close() {
      await api.close(0);
      await feed.stop();
      await pool.end();
      await database.drop();
      await monolith.close();
    },
  };
}
