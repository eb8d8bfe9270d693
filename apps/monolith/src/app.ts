import type { Express } from 'express';
import type { Pool } from 'pg';
import type { Logger } from '@newscience/service-kit/logging';
import type { Metrics } from '@newscience/service-kit/metrics';
import type { Health } from '@newscience/service-kit/health';
import { createHttpApp } from '@newscience/service-kit/http-app';
import { defineProblems } from '@newscience/service-kit/problem';
import { createAccounts } from './accounts/accounts.ts';
import { startCleanUp } from './accounts/clean-up.ts';
import type { HashSettings } from './accounts/pwd-hash.ts';
import { acctProblems } from './accounts/problems.ts';
import type { Config } from './config.ts';

export type AppDeps = {
  config: Config;
  pool: Pool;
  logger: Logger;
  metrics: Metrics;
  health: Health;
  /** Cheaper password hashes, for tests. */
  hashing?: HashSettings;
};

export type Monolith = {
  app: Express;
  /** Signing key and configured accounts; before the first request. */
  prepare: () => Promise<void>;
  /** Starts the background jobs and gives back what stops them. */
  startJobs: () => () => Promise<void>;
};

/** What more than one module answers with. */
const sharedProblems = {
  cursor_invalid: { status: 400, title: 'The cursor does not belong to this list' },
} as const;

/**
 * The whole monolith, wired by hand; it listens nowhere. Each module hands in
 * - `create<X>(deps): <X>Int` (its `*-int.ts` of old shape),
 * - `<x>Routes(deps): express.Router` with full paths (`/api/v1/...`), mounted at `/`,
 * - `<x>Operations` (OpenAPI, the list) in `operations.ts`,
 * - `<x>Problems: Record<code, {status, title}>` in `problems.ts`.
 */
export function createApp({ config, pool, logger, metrics, health, hashing }: AppDeps): Monolith {
  const accounts = createAccounts({
    config,
    pool,
    logger,
    ...(hashing === undefined ? {} : { hashing }),
  });

  const app = createHttpApp({
    name: 'monolith',
    logger,
    metrics,
    health,
    problems: defineProblems({ ...sharedProblems, ...acctProblems }),
    routes: (site) => {
      site.set('trust proxy', config.TRUST_PROXY === '' ? false : config.TRUST_PROXY);
      site.use(accounts.identify);
      site.use('/api', accounts.checkApiCsrf);
      site.use(accounts.routes);
    },
  });

  return {
    app,
    prepare: () => accounts.start(),
    startJobs() {
      const stops = [
        startCleanUp(accounts, { intervalMs: config.SESSION_CLEANUP_INTERVAL_MS, logger }),
      ];
      return async () => {
        await Promise.all(stops.map((stop) => stop()));
      };
    },
  };
}
