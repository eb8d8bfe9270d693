import { createPool } from '@newscience/service-kit/postgres';
import { createTokenVerifier } from '@newscience/service-kit/operator-auth';
import { listen } from '@newscience/service-kit/http-server';
import { runService } from '@newscience/service-kit/service';
import { createPostgresRouteStore } from './adapters/postgres-route-store.ts';
import { startPublishing } from './adapters/publishing.ts';
import { createSnapshotFile } from './adapters/snapshot-file.ts';
import { listenForAnnouncements } from './adapters/table-announcements.ts';
import { createTargetProbe } from './adapters/target-probe.ts';
import { createOperatorApp } from './app.ts';
import { readGatewayConfig } from './config.ts';
import { createCurrentTable } from './current-table.ts';
import { listenFacade } from './listen-facade.ts';
import { batchedAccessLog } from './proxy/access-log.ts';
import { createFacade } from './proxy/facade.ts';
import { addReadinessChecks } from './readiness.ts';
import { createRouteAdministration } from './route-administration.ts';
import { createTableFeed } from './table-feed.ts';
import { watchTable } from './table-metrics.ts';

/** How long requests in flight may go on after a signal, milliseconds; the rest of the deadline is for the other steps. */
const DRAIN_MS = 3500;

await runService({
  name: 'gateway',
  readConfig: readGatewayConfig,
  shutdownDeadlineMs: 5000,
  start: async ({ config, logger, metrics, health, shutdown }) => {
    const { policy, HOST: host } = config;
    const databaseUrl = config.DATABASE_URL.reveal();

    const pool = createPool({
      url: databaseUrl,
      applicationName: 'gateway',
      max: config.DATABASE_POOL_MAX,
      statementTimeoutMs: 5000,
      connectTimeoutMs: 2000,
      logger,
      metrics,
    });
    shutdown.add('database', () => pool.end());
    const store = createPostgresRouteStore(pool);
    const current = createCurrentTable(policy);
    const snapshot = createSnapshotFile(config.snapshotPath);
    const pollMs = config.ROUTE_TABLE_POLL_MS;
    const feed = createTableFeed({ store, current, snapshot, logger, pollMs });
    shutdown.add('route table feed', feed.stop);
    await feed.start();
    watchTable(metrics, current, feed);
    const announcements = listenForAnnouncements({
      databaseUrl,
      applicationName: 'gateway-announcements',
      logger,
      onChange: () => void feed.look(),
    });
    shutdown.add('announcements', announcements.stop);

    const busUrl = config.EVENT_BUS_URL;
    const publishing = await startPublishing({ busUrl, databaseUrl, logger, metrics });
    shutdown.add('publishing', publishing.stop);

    const probe = createTargetProbe({ timeoutMs: config.PROBE_TIMEOUT_MS });
    const { monolithOrigin } = config;
    addReadinessChecks(health, {
      current,
      feed,
      monolithOrigin,
      probe: createTargetProbe({ timeoutMs: 900 }),
      checkBus: publishing.check,
    });
    const verifyToken = createTokenVerifier({
      jwksUrl: config.jwksUrl,
      issuer: config.JWT_ISSUER,
      audience: config.JWT_AUDIENCE,
    });
    const now = () => new Date();
    const administration = createRouteAdministration({ store, current, feed, policy, probe, now });
    const deps = { administration, store, current, feed, policy, verifyToken };
    const app = createOperatorApp({ ...deps, logger, metrics, health });

    const facade = createFacade({
      decide: current.decide,
      logger,
      metrics,
      limits: { headerBytes: config.MAX_HEADER_BYTES, bodyBytes: config.MAX_BODY_BYTES },
      timeouts: {
        connectMs: config.CONNECT_TIMEOUT_MS,
        headerMs: config.HEADER_TIMEOUT_MS,
        idleMs: config.IDLE_TIMEOUT_MS,
      },
      connectionsPerUpstream: config.CONNECTIONS_PER_UPSTREAM,
      accessLog: batchedAccessLog('gateway', (lines) => {
        if (logger.isLevelEnabled('info')) process.stdout.write(lines);
      }),
    });
    const operators = await listen({
      app,
      host: config.operatorHost,
      port: config.OPERATOR_PORT,
      logger,
    });
    shutdown.add('operator API', () => operators.close(500));
    await listenFacade(facade.server, { host, port: config.PORT, logger });
    shutdown.add('facade', () => facade.close(DRAIN_MS));
  },
});
