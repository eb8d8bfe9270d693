import type { Express } from 'express';
import type { Pool } from 'pg';
import type { Logger } from '@newscience/service-kit/logging';
import type { Metrics } from '@newscience/service-kit/metrics';
import type { Health } from '@newscience/service-kit/health';
import { createHttpApp } from '@newscience/service-kit/http-app';
import { defineProblems } from '@newscience/service-kit/problem';
import type { Config } from './config.ts';

export type AppDeps = {
  config: Config;
  pool: Pool;
  logger: Logger;
  metrics: Metrics;
  health: Health;
};

/**
 * The whole monolith, wired by hand; it listens nowhere. Each module hands in
 * - `create<X>(deps): <X>Int` (its `*-int.ts` of old shape),
 * - `<x>Routes(deps): express.Router` with full paths (`/api/v1/...`), mounted at `/`,
 * - `<x>Operations` (OpenAPI, the list) in `operations.ts`,
 * - `<x>Problems: Record<code, {status, title}>` in `problems.ts`.
 */
export function createApp({ logger, metrics, health }: AppDeps): Express {
  return createHttpApp({
    name: 'monolith',
    logger,
    metrics,
    health,
    problems: defineProblems({}),
    routes: () => undefined,
  });
}
