import type { EventBus } from '@newscience/event-bus/bus';
import { eventRoutes } from '@newscience/outbox/operator-api';
import type { Health } from '@newscience/service-kit/health';
import { createHttpApp } from '@newscience/service-kit/http-app';
import type { Logger } from '@newscience/service-kit/logging';
import type { Metrics } from '@newscience/service-kit/metrics';
import { requireRole } from '@newscience/service-kit/operator-auth';
import type { Express } from 'express';
import type pg from 'pg';

import { CONSUMER_GROUP } from './consumers/consuming.ts';
import { problems } from './problems.ts';
import { type ActivityRouteDependencies, activityRoutes } from './routes/activity-routes.ts';

export type ActivityAppDependencies = ActivityRouteDependencies & {
  /** Of the database with the inbox. */
  readonly pool: pg.Pool;
  readonly bus: Pick<EventBus, 'lag'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
};

/** The HTTP application: API, health, metrics. It does not listen. */
export const createActivityApp = (deps: ActivityAppDependencies): Express =>
  createHttpApp({
    name: 'activity-service',
    logger: deps.logger,
    metrics: deps.metrics,
    health: deps.health,
    problems,
    bodyLimit: '64kb',
    routes: (app) => {
      activityRoutes(deps)(app);
      app.use('/admin/events', requireRole(deps.verifyToken, ['operator']));
      app.use(eventRoutes({ pool: deps.pool, bus: deps.bus, groups: [CONSUMER_GROUP] }));
    },
  });
