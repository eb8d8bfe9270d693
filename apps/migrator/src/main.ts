import { connectBus } from '@newscience/event-bus/connect';
import { declareInBackground } from '@newscience/event-bus/declare';
import { topics } from '@newscience/event-contracts/topics';
import { startRelay } from '@newscience/outbox/relay';
import { listen } from '@newscience/service-kit/http-server';
import { createTokenVerifier } from '@newscience/service-kit/operator-auth';
import { createPool } from '@newscience/service-kit/postgres';
import { runService } from '@newscience/service-kit/service';

import { createApp } from './app.ts';
import { startCapture } from './capture/capture.ts';
import { readMigratorConfig } from './config.ts';
import { addReadinessChecks } from './readiness.ts';

await runService({
  name: 'migrator',
  readConfig: readMigratorConfig,
  shutdownDeadlineMs: 2000,
  start: async ({ config, logger, metrics, health, shutdown }) => {
    const databaseUrl = config.DATABASE_URL;
    const pool = createPool({
      url: databaseUrl,
      applicationName: 'migrator',
      max: config.DATABASE_POOL_MAX,
      connectTimeoutMs: 2000,
      logger,
      metrics,
    });
    shutdown.add('database', () => pool.end());
    const legacy = createPool({
      url: config.LEGACY_REPLICATION_URL,
      applicationName: 'migrator-legacy',
      max: 2,
      connectTimeoutMs: 2000,
      logger,
    });
    shutdown.add('legacy database', () => legacy.end());

    const bus = await connectBus({
      url: config.EVENT_BUS_URL,
      name: 'migrator',
      logger,
      connections: 3,
    });
    shutdown.add('event bus', () => bus.close());
    const declared = declareInBackground(bus, topics, logger);
    shutdown.add('topics', declared.stop);
    const relay = startRelay({
      databaseUrl,
      applicationName: 'migrator-relay',
      batchBytes: 1024 * 1024,
      bus,
      logger,
      metrics,
    });
    shutdown.add('relay', () => relay.stop());
    const capture = startCapture({
      name: config.instance,
      databaseUrl,
      legacyUrl: config.LEGACY_REPLICATION_URL,
      pool,
      legacy,
      slot: config.CAPTURE_SLOT,
      publication: config.CAPTURE_PUBLICATION,
      heartbeatMs: config.CAPTURE_HEARTBEAT_MS,
      standbyMs: config.STANDBY_CHECK_MS,
      silentMs: config.OWNER_SILENT_MS,
      logger,
      metrics,
    });
    shutdown.add('capture', capture.stop);

    addReadinessChecks(health, { pool, bus, capture });
    const verifyToken = createTokenVerifier({
      jwksUrl: config.JWKS_URL,
      issuer: config.JWT_ISSUER,
      audience: config.JWT_AUDIENCE,
    });
    const app = createApp({ capture, pool, verifyToken, logger, metrics, health });
    const server = await listen({ app, host: config.HOST, port: config.PORT, logger });
    shutdown.add('operator API', () => server.close(500));
  },
});
