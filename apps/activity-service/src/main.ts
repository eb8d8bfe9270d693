import { connectBus } from '@newscience/event-bus/connect';
import { listen } from '@newscience/service-kit/http-server';
import { createTokenVerifier } from '@newscience/service-kit/operator-auth';
import { createPool } from '@newscience/service-kit/postgres';
import { runService } from '@newscience/service-kit/service';

import { createEffectsPool } from './adapters/effects-pool.ts';
import { startPlacing } from './adapters/placing.ts';
import { createPostgresTimeline } from './adapters/postgres-timeline.ts';
import { createActivityApp } from './app.ts';
import { readActivityConfig } from './config.ts';
import { startConsuming } from './consumers/consuming.ts';
import { addReadinessChecks } from './readiness.ts';
import { createStreams } from './stream/streams.ts';
import { watchTimeline } from './timeline-metrics.ts';
import { createTimelineHead } from './timeline-head.ts';

const name = 'activity-service';
/** For requests in flight after a signal, milliseconds; the rest of the deadline is for the other steps. */
const DRAIN_MS = 500;

await runService({
  name,
  readConfig: readActivityConfig,
  shutdownDeadlineMs: 2000,
  start: async ({ config, logger, metrics, health, shutdown }) => {
    const databaseUrl = config.DATABASE_URL;
    // Two pools, so that a consumer that waits for another instance's transaction leaves the queries their connections.
    const half = Math.floor(config.DATABASE_POOL_MAX / 2);
    const shared = { url: databaseUrl, connectTimeoutMs: 2000, logger, metrics };
    const effects = createEffectsPool({ ...shared, max: config.DATABASE_POOL_MAX - half });
    shutdown.add('database of the consumer', () => effects.end());
    const reads = createPool({
      ...{ ...shared, applicationName: `${name} reads`, max: half, statementTimeoutMs: 5000 },
    });
    shutdown.add('database', () => reads.end());

    const timeline = createPostgresTimeline(reads);
    const head = createTimelineHead();
    const observe = watchTimeline(metrics);
    const placing = startPlacing({
      databaseUrl,
      applicationName: `${name} timeline`,
      logger,
      pollMs: config.TIMELINE_POLL_MS,
      onLook: (look) => {
        observe(look);
        head.set(look.head);
      },
    });
    shutdown.add('timeline', placing.stop);

    const bus = await connectBus({
      url: config.EVENT_BUS_URL,
      name,
      logger,
      metrics,
      connections: 3,
    });
    shutdown.add('event bus', () => bus.close());
    const consuming = startConsuming({ bus, pool: effects, logger, metrics });
    shutdown.add('consumer', consuming.stop);
    addReadinessChecks(health, { pool: reads, bus, consuming, placing });

    const streams = createStreams({
      ...{ timeline, head, logger, metrics },
      limits: {
        clients: config.STREAM_CLIENTS_MAX,
        heartbeatMs: config.STREAM_HEARTBEAT_MS,
        stallMs: config.STREAM_STALL_MS,
      },
    });
    shutdown.onBegin(streams.close);
    const verifyToken = createTokenVerifier({
      jwksUrl: config.JWKS_URL,
      issuer: config.JWT_ISSUER,
      audience: config.JWT_AUDIENCE,
    });
    const app = createActivityApp({
      ...{ timeline, streams, verifyToken, pool: reads, bus, logger, metrics, health },
    });
    const server = await listen({ app, host: config.HOST, port: config.PORT, logger });
    shutdown.add('http', () => server.close(DRAIN_MS));
  },
});
