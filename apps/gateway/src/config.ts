import { join } from 'node:path';
import { busUrlFault } from '@newscience/event-bus/connect';
import * as setting from '@newscience/service-kit/config';
import type { ConfigFault } from '@newscience/service-kit/config';
import { err, ok, type Result } from '@newscience/service-kit/result';
import { z } from 'zod';
import { MONOLITH, type TargetPolicy } from './domain/target.ts';

const http = ['http', 'https'] as const;

/** Every environment variable that the gateway reads. */
export const configSchema = z.object({
  ...setting.serviceSettings,
  /** What readers reach. */
  PORT: setting.port().default(8080),
  /** What operators reach: route table, health, metrics. */
  OPERATOR_PORT: setting.port().default(8081),
  OPERATOR_HOST: setting.text().optional(),
  DATABASE_URL: setting.secretUrl(['postgres', 'postgresql']),
  DATABASE_POOL_MAX: setting.integer({ min: 2, max: 100 }).default(4),
  /** Where changes of the route table are published: `postgres://…` or `kafka://…`. */
  EVENT_BUS_URL: setting.secretUrl(['postgres', 'postgresql', 'kafka']),

  /** Where everything goes that no route takes; the same as `monolith` in UPSTREAMS. */
  MONOLITH_URL: setting.url(http).optional(),
  /** Names that a route may lead to: `search=http://127.0.0.1:8083,articles=http://127.0.0.1:8084`. */
  UPSTREAMS: setting.text().optional(),
  /** Hosts, comma-separated, that a route may name in a URL, besides loopback and those of the upstreams. */
  TARGET_HOSTS: setting.text().optional(),
  PROBE_TIMEOUT_MS: setting.durationMs().default(2000),

  JWKS_URL: setting.url(http).optional(),
  JWT_ISSUER: setting.text().default('newscience'),
  JWT_AUDIENCE: setting.text().default('newscience'),

  /** The table's snapshot; by default `route-table.json` in DATA_DIR. */
  ROUTE_TABLE_FILE: setting.text().optional(),
  DATA_DIR: setting.text().default('.newscience/gateway'),
  ROUTE_TABLE_POLL_MS: setting.durationMs().default(500),

  CONNECT_TIMEOUT_MS: setting.durationMs().default(3000),
  HEADER_TIMEOUT_MS: setting.durationMs().default(60_000),
  IDLE_TIMEOUT_MS: setting.durationMs().default(60_000),
  CONNECTIONS_PER_UPSTREAM: setting.integer({ min: 1, max: 10_000 }).default(128),
  MAX_HEADER_BYTES: setting.bytes().default(16 * 1024),
  MAX_BODY_BYTES: setting.bytes().default(2 * 1024 ** 3),
});

type Settings = z.output<typeof configSchema>;

export type GatewayConfig = Settings & {
  monolithOrigin: string;
  jwksUrl: string;
  operatorHost: string;
  snapshotPath: string;
  policy: TargetPolicy;
};

/** Reads and combines the settings; all faults at once. */
export function readGatewayConfig(
  env: Readonly<Record<string, string | undefined>>,
): Result<GatewayConfig, ConfigFault[]> {
  const read = setting.readConfig(configSchema, env);
  if (!read.ok) return read;
  const settings = read.value;
  const { upstreams, faults } = readUpstreams(settings);
  const busFault = busUrlFault(settings.EVENT_BUS_URL);
  if (busFault !== undefined)
    faults.push({ name: 'EVENT_BUS_URL', value: '[hidden]', ...busFault });
  const monolithOrigin = upstreams.get(MONOLITH);
  if (faults.length > 0 || monolithOrigin === undefined) return err(faults);

  const operatorHost = settings.OPERATOR_HOST ?? settings.HOST;
  return ok({
    ...settings,
    monolithOrigin,
    operatorHost,
    jwksUrl: settings.JWKS_URL ?? `${monolithOrigin}/.well-known/jwks.json`,
    snapshotPath: settings.ROUTE_TABLE_FILE ?? join(settings.DATA_DIR, 'route-table.json'),
    policy: {
      upstreams,
      allowedHosts: new Set(listOf(settings.TARGET_HOSTS)),
      own: {
        hosts: new Set([settings.HOST, operatorHost]),
        ports: new Set([settings.PORT, settings.OPERATOR_PORT]),
      },
    },
  });
}

function readUpstreams({ UPSTREAMS, MONOLITH_URL }: Settings): {
  upstreams: Map<string, string>;
  faults: ConfigFault[];
} {
  const upstreams = new Map<string, string>();
  const faults: ConfigFault[] = [];
  const example = 'Write name=origin, comma-separated, such as search=http://127.0.0.1:8083.';
  for (const entry of listOf(UPSTREAMS)) {
    const [, name, text] = /^([a-z0-9][a-z0-9-]{0,62})=(.+)$/.exec(entry) ?? [];
    const origin = text === undefined ? undefined : originOf(text);
    const say = (problem: string, remedy: string) =>
      faults.push({ name: 'UPSTREAMS', value: maskUser(entry), problem, remedy });
    if (name === undefined) say('is not name=origin', example);
    else if (origin === undefined)
      say('does not lead to an origin (http or https, no path)', example);
    else if (upstreams.has(name)) say(`names "${name}" twice`, 'Name each upstream once.');
    else upstreams.set(name, origin);
  }
  if (MONOLITH_URL !== undefined) {
    const origin = originOf(MONOLITH_URL);
    const known = upstreams.get(MONOLITH);
    const say = (problem: string, remedy: string) =>
      faults.push({ name: 'MONOLITH_URL', value: maskUser(MONOLITH_URL), problem, remedy });
    if (origin === undefined) say('is not an origin', 'Leave out path, query and user.');
    else if (known !== undefined && known !== origin) {
      say(`is not the ${MONOLITH} of UPSTREAMS`, 'Name the monolith in one of the two only.');
    } else upstreams.set(MONOLITH, origin);
  } else if (!upstreams.has(MONOLITH) && faults.length === 0) {
    const remedy = 'Give the origin of the monolith, such as http://127.0.0.1:8082.';
    faults.push({ name: 'MONOLITH_URL', value: undefined, problem: 'is missing', remedy });
  }
  return { upstreams, faults };
}

function originOf(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !(url.protocol === 'http:' || url.protocol === 'https:')) return undefined;
  const bare = url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  return bare && url.password === '' ? url.origin : undefined;
}

function maskUser(text: string): string {
  return text.replace(/\/\/[^/]*@/, '//[hidden]@');
}

function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
