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
import { createArt } from './articles/art-mod.ts';
import { artProblems } from './articles/problems.ts';
import { artRoutes } from './articles/routes.ts';
import { createAut } from './authors/aut-mod.ts';
import { autProblems } from './authors/problems.ts';
import { autRoutes } from './authors/routes.ts';
import { createCmt } from './comments/cmt-mod.ts';
import { cmtProblems } from './comments/problems.ts';
import { cmtRoutes } from './comments/routes.ts';
import type { Config } from './config.ts';
import { createMailer } from './digest/create-mailer.ts';
import { createDigest, startDigest } from './digest/dgst-mod.ts';
import { digestRoutes } from './digest/routes.ts';
import { feedProblems } from './feeds/problems.ts';
import { feedRoutes } from './feeds/routes.ts';
import { impProblems } from './import/problems.ts';
import { impRoutes } from './import/routes.ts';
import { createHit, startHitFlush } from './most-read/hit-mod.ts';
import { hitRoutes } from './most-read/routes.ts';
import { createPages } from './pages/pages.ts';
import { srchProblems } from './search/problems.ts';
import { srchRoutes } from './search/routes.ts';
import { createSrch } from './search/srch-mod.ts';
import { subProblems } from './subscriptions/problems.ts';
import { subRoutes } from './subscriptions/routes.ts';
import { createSub } from './subscriptions/sub-mod.ts';
import { trustedProxies } from './trusted-proxies.ts';

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

/** All error codes of the monolith. */
const problems = defineProblems({
  ...acctProblems,
  ...artProblems,
  ...cmtProblems,
  ...autProblems,
  ...feedProblems,
  ...subProblems,
  ...srchProblems,
  ...impProblems,
});

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

  const art = createArt({ pool });
  const cmt = createCmt({ pool, art });
  const hit = createHit({ pool, art, logger });
  const aut = createAut({ art });
  const sub = createSub({ pool, art });
  const dgst = createDigest({
    pool,
    art,
    mailer: createMailer({ url: config.MAIL_URL, from: config.MAIL_FROM }),
    siteUrl: config.PUBLIC_URL,
    at: config.DIGEST_AT,
    logger,
  });
  const srch = createSrch({ pool, art, logger, ivlMs: config.SEARCH_BATCH_INTERVAL_MS });
  const pages = createPages({
    art,
    cmt,
    hit,
    sub,
    acct: accounts.acct,
    publicUrl: config.PUBLIC_URL,
  });

  const app = createHttpApp({
    name: 'monolith',
    logger,
    metrics,
    health,
    problems,
    answerProblem: pages.answerProblem,
    // An article of 512 KB with each character escaped; what is longer is refused by the modules.
    bodyLimit: '4mb',
    routes: (site) => {
      site.set('trust proxy', trustedProxies(config.TRUST_PROXY));
      site.use(accounts.identify);
      site.use('/api', accounts.checkApiCsrf);
      site.use(
        accounts.routes,
        artRoutes({ art, cmt }),
        cmtRoutes({ cmt, art }),
        hitRoutes({ hit, cmt }),
        autRoutes({ aut, cmt }),
        feedRoutes({ art, siteUrl: config.PUBLIC_URL }),
        subRoutes({ sub }),
        digestRoutes({ dgst }),
        srchRoutes({ srch }),
        impRoutes({ art }),
        pages.routes,
      );
    },
  });

  return {
    app,
    prepare: () => accounts.start(),
    startJobs() {
      srch.start();
      const stops = [
        startCleanUp(accounts, { intervalMs: config.SESSION_CLEANUP_INTERVAL_MS, logger }),
        startHitFlush({ hit }),
        startDigest({ dgst, logger }),
        () => srch.stop(),
      ];
      return async () => {
        await Promise.all(stops.map((stop) => stop()));
      };
    },
  };
}
