import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '@newscience/testing/free-port';
import { startService, type ServiceProcess } from '@newscience/testing/service-process';
import type { TestDatabase } from '@newscience/testing/template-database';
import { startFakeMonolith, type FakeMonolith } from './fake-monolith.ts';
import { busDatabase, gatewayDatabase } from './gateway-database.ts';
import { severableLink, type SeverableLink } from './severable-link.ts';

/** What a gateway lives on: a monolith, a candidate, a database, an event bus, and links to both that can be cut. */
export type Surroundings = {
  monolith: FakeMonolith;
  search: FakeMonolith;
  database: TestDatabase;
  link: SeverableLink;
  bus: TestDatabase;
  busLink: SeverableLink;
  /** For snapshots; a folder for each instance. */
  folder: string;
  close: () => Promise<void>;
};

export async function gatewaySurroundings(): Promise<Surroundings> {
  const [monolith, search, database, bus, folder] = await Promise.all([
    startFakeMonolith('monolith'),
    startFakeMonolith('search'),
    gatewayDatabase(),
    busDatabase(),
    mkdtemp(join(tmpdir(), 'gateway-')),
  ]);
  const { hostname, port } = new URL(database.url);
  const server = { host: hostname, port: Number(port) };
  const [link, busLink] = await Promise.all([severableLink(server), severableLink(server)]);
  return {
    monolith,
    search,
    database,
    link,
    bus,
    busLink,
    folder,
    async close() {
      await Promise.all([link.close(), busLink.close()]);
      await Promise.all([monolith.close(), search.close(), database.drop(), bus.drop()]);
      await rm(folder, { recursive: true });
    },
  };
}

export type Gateway = {
  process: ServiceProcess;
  url: string;
  operatorUrl: string;
  snapshot: string;
  /** Who answered a request that came in at the front door. */
  answeredBy: (path: string) => Promise<string>;
  ready: () => Promise<{
    http: number;
    status: string;
    checks: Record<string, { status: string; detail?: string }>;
  }>;
  /** One call of the operator API, as `ada`. */
  operator: (
    method: string,
    path: string,
    body?: object,
    headers?: Record<string, string>,
  ) => Promise<{ status: number; body: unknown }>;
};

/** A real gateway process, with a folder of its own. */
export async function startGateway(
  around: Surroundings,
  name: string,
  env: Record<string, string> = {},
): Promise<Gateway> {
  const [port, operatorPort = 0] = await freePorts(2);
  const service = await startService({
    file: join(import.meta.dirname, '../src/main.ts'),
    env: {
      HOST: '127.0.0.1',
      PORT: String(port),
      OPERATOR_PORT: String(operatorPort),
      DATABASE_URL: through(around.link, around.database),
      EVENT_BUS_URL: through(around.busLink, around.bus),
      MONOLITH_URL: around.monolith.origin,
      UPSTREAMS: `search=${around.search.origin}`,
      DATA_DIR: join(around.folder, name),
      PROBE_TIMEOUT_MS: '1000',
      ...env,
    },
  });
  const url = `http://127.0.0.1:${port}`;
  const operatorUrl = `http://127.0.0.1:${operatorPort}`;
  return {
    process: service,
    url,
    operatorUrl,
    snapshot: join(around.folder, name, 'route-table.json'),
    async answeredBy(path) {
      const response = await fetch(url + path);
      const body = (await response.json()) as { server?: string };
      return body.server ?? `status ${response.status}`;
    },
    async ready() {
      const response = await fetch(`${operatorUrl}/health/ready`);
      const body = (await response.json()) as Omit<Awaited<ReturnType<Gateway['ready']>>, 'http'>;
      return { http: response.status, ...body };
    },
    async operator(method, path, body, headers = {}) {
      const response = await fetch(operatorUrl + path, {
        method,
        headers: {
          authorization: `Bearer ${await around.monolith.token()}`,
          'content-type': 'application/json',
          ...headers,
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      const text = await response.text();
      return {
        status: response.status,
        body: text === '' ? undefined : (JSON.parse(text) as unknown),
      };
    },
  };
}

function through(link: SeverableLink, database: TestDatabase): string {
  const url = new URL(database.url);
  url.port = String(link.port);
  return url.href;
}

const why = 'because the test says so';

/** Makes the route `search` at a stage. */
export function defineSearch(gateway: Gateway, stage = 'cutover') {
  const body = { path: '/api/v1/search', target: 'search', stage, why };
  return gateway.operator('PUT', '/routes/search', body, { 'if-none-match': '*' });
}

export function moveSearch(gateway: Gateway, stage: string, revision: number) {
  return gateway.operator(
    'POST',
    '/routes/search/stage',
    { stage, why },
    { 'if-match': `"${revision}"` },
  );
}
