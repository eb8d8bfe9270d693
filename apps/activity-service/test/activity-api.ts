import { expect } from '@jest/globals';
import type { EventBus } from '@newscience/event-bus/bus';
import type { KnownEvent } from '@newscience/event-contracts/registry';
import { createHealth } from '@newscience/service-kit/health';
import { listen } from '@newscience/service-kit/http-server';
import { createMetrics } from '@newscience/service-kit/metrics';
import { createTokenVerifier } from '@newscience/service-kit/operator-auth';
import { createPool, withTransaction } from '@newscience/service-kit/postgres';
import { type Conformance, createConformance } from '@newscience/testing/openapi-conformance';
import type { TestDatabase } from '@newscience/testing/template-database';
import type pg from 'pg';

import { type Placing, startPlacing } from '../src/adapters/placing.ts';
import { createPostgresTimeline } from '../src/adapters/postgres-timeline.ts';
import { createActivityApp } from '../src/app.ts';
import { recordArrival } from '../src/consumers/record-arrival.ts';
import { openApi } from '../src/openapi.ts';
import { createStreams, type StreamLimits } from '../src/stream/streams.ts';
import { createTimelineHead } from '../src/timeline-head.ts';
import { activityDatabase, logger } from './activity-site.ts';
import { type EventStream, openEventStream } from './event-stream.ts';
import { startTokenIssuer, type TokenIssuer, type TokenWishes } from './token-issuer.ts';

export type Sent = {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Who calls; null for nobody. Default: an operator. */
  readonly as?: TokenWishes | null;
};

/** The API in this process over a real database, without a consumer: arrivals are written by hand. */
export type ActivityApi = {
  readonly database: TestDatabase;
  readonly pool: pg.Pool;
  readonly url: string;
  readonly issuer: TokenIssuer;
  /** Every call and every stream that was refused is held against the OpenAPI document. */
  readonly conformance: Conformance;
  readonly metrics: ReturnType<typeof createMetrics>;
  readonly call: (path: string, sent?: Sent) => Promise<{ status: number; body: unknown }>;
  readonly stream: (
    query?: string,
    wishes?: { readonly lastEventId?: string | undefined; readonly as?: TokenWishes },
  ) => Promise<EventStream>;
  /** Consumed in one transaction. */
  readonly arrive: (...events: KnownEvent[]) => Promise<void>;
  /** Ends all streams, as a shutdown does. */
  readonly endStreams: () => void;
  readonly close: () => Promise<void>;
};

export type ApiOptions = {
  readonly limits?: Partial<StreamLimits>;
  readonly bus?: Pick<EventBus, 'lag'>;
  /** Default 50 ms, so that tests do not wait. */
  readonly pollMs?: number;
  /** Another instance over the same database. */
  readonly database?: TestDatabase;
};

export async function startActivityApi(options: ApiOptions = {}): Promise<ActivityApi> {
  const [database, issuer] = await Promise.all([
    options.database ?? activityDatabase(),
    startTokenIssuer(),
  ]);
  const pool = createPool({ url: database.url, applicationName: 'test', logger, max: 4 });
  const timeline = createPostgresTimeline(pool);
  const head = createTimelineHead();
  const placing: Placing = startPlacing({
    ...{ databaseUrl: database.url, applicationName: 'test timeline', logger },
    pollMs: options.pollMs ?? 50,
    onLook: (look) => head.set(look.head),
  });
  const metrics = createMetrics('activity-service');
  const streams = createStreams({
    ...{ timeline, head, logger, metrics },
    limits: { clients: 20, heartbeatMs: 15_000, stallMs: 10_000, ...options.limits },
  });
  const verifyToken = createTokenVerifier({
    ...{ jwksUrl: issuer.jwksUrl, issuer: 'newscience', audience: 'newscience' },
  });
  const bus = options.bus ?? { lag: () => Promise.resolve([]) };
  const app = createActivityApp({
    ...{ timeline, streams, verifyToken, pool, bus, logger, metrics, health: createHealth() },
  });
  const server = await listen({ app, host: '127.0.0.1', port: 0, logger });
  const url = `http://127.0.0.1:${server.port}`;
  const conformance = createConformance(openApi);

  return {
    ...{ database, pool, url, issuer, conformance, metrics, endStreams: streams.close },
    call: async (path, { method = 'GET', body, headers = {}, as = {} } = {}) => {
      const response = await fetch(url + path, {
        method,
        headers: {
          ...(as === null ? {} : { authorization: `Bearer ${await issuer.token(as)}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      const text = await response.text();
      const { status } = response;
      const seen = { method, path, status, headers: response.headers, body: text };
      expect(conformance.check(seen)).toEqual([]);
      const parsed: unknown = text === '' ? undefined : JSON.parse(text);
      return { status, body: parsed };
    },
    stream: async (query = '', { lastEventId, as = {} } = {}) => {
      const path = `/api/v1/activity/stream${query}`;
      const token = await issuer.token(as);
      const stream = await openEventStream({ url: url + path, token, lastEventId });
      const { status, contentType } = stream;
      const headers = { 'content-type': contentType };
      if (status !== 200) await stream.ended;
      const body = status === 200 ? 'retry: 2000\n' : stream.body();
      expect(conformance.check({ method: 'GET', path, status, headers, body })).toEqual([]);
      return stream;
    },
    arrive: (...events) =>
      withTransaction(pool, async (client) => {
        for (const event of events) await recordArrival(client, event);
      }),
    close: async () => {
      streams.close();
      await server.close(500);
      await placing.stop();
      await pool.end();
      await issuer.close();
      if (options.database === undefined) await database.drop();
    },
  };
}
