import type { Health } from '@newscience/service-kit/health';
import { createHttpApp } from '@newscience/service-kit/http-app';
import type { Logger } from '@newscience/service-kit/logging';
import type { Metrics } from '@newscience/service-kit/metrics';
import type { Express } from 'express';
import { problems } from './problems.ts';
import { operatorRoutes, type OperatorDependencies } from './routes/operator-routes.ts';

export type OperatorAppDependencies = OperatorDependencies & {
  logger: Logger;
  metrics: Metrics;
  health: Health;
};

/** The operators' door: route table, health, metrics. Readers come in by the facade. */
export function createOperatorApp(deps: OperatorAppDependencies): Express {
  const { logger, metrics, health } = deps;
  return createHttpApp({
    name: 'gateway-operator',
    logger,
    metrics,
    health,
    problems,
    bodyLimit: '64kb',
    routes: operatorRoutes(deps),
  });
}
