import type { Health } from '@newscience/service-kit/health';
import { createHttpApp } from '@newscience/service-kit/http-app';
import type { Logger } from '@newscience/service-kit/logging';
import type { Metrics } from '@newscience/service-kit/metrics';
import type { Express } from 'express';

import { problems } from './problems.ts';
import { captureRoutes, type CaptureRoutesDependencies } from './routes/capture-routes.ts';

export type AppDependencies = CaptureRoutesDependencies & {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
};

/** The operators' door: capture, health, metrics. */
export function createApp(deps: AppDependencies): Express {
  const { logger, metrics, health } = deps;
  return createHttpApp({
    name: 'migrator',
    logger,
    metrics,
    health,
    problems,
    bodyLimit: '64kb',
    routes: captureRoutes(deps),
  });
}
