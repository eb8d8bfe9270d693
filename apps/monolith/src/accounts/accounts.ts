import type { RequestHandler, Router } from 'express';
import type { Pool } from 'pg';
import type { Logger } from '@newscience/service-kit/logging';
import type { Config } from '../config.ts';
import type { AcctInt } from './acct-int.ts';
import { createAcct } from './acct-mod.ts';
import { createAttLimit } from './att-limit.ts';
import { bootstrapAccounts } from './bootstrap.ts';
import { createCookies } from './cookies.ts';
import { createCsrf } from './csrf.ts';
import { createIdentify } from './identify.ts';
import { createKeyRing } from './key-ring.ts';
import { createLogIn } from './log-in.ts';
import { createPwdHash, hashSettings } from './pwd-hash.ts';
import type { HashSettings } from './pwd-hash.ts';
import { acctRoutes } from './routes.ts';
import { createSecrets } from './secrets.ts';
import { createSess } from './sess.ts';
import { createTok, tokenMs } from './tok.ts';

export type AccountsDeps = { config: Config; pool: Pool; logger: Logger; hashing?: HashSettings };

export type Accounts = {
  acct: AcctInt;
  identify: RequestHandler;
  checkApiCsrf: RequestHandler;
  routes: Router;
  /** Makes the first signing key and the configured accounts; throws when a key does not open. */
  start(): Promise<void>;
  cleanUp(): Promise<void>;
};

/** The module of accounts, wired. */
export function createAccounts({
  config,
  pool,
  logger,
  hashing = hashSettings,
}: AccountsDeps): Accounts {
  const secrets = createSecrets(config.KEY_ENCRYPTION_SECRET);
  const cookies = createCookies(config.PUBLIC_URL);
  const csrf = createCsrf({ cookies, secrets, publicUrl: config.PUBLIC_URL });
  const hashes = createPwdHash(hashing);
  const sess = createSess({ pool, idleMs: config.SESSION_IDLE_MS, maxMs: config.SESSION_MAX_MS });
  const attempts = createAttLimit({ pool, windowMs: config.ATTEMPT_WINDOW_MS });
  const limits = {
    perAccount: config.LOGIN_ATTEMPTS_PER_ACCOUNT,
    perAddress: config.LOGIN_ATTEMPTS_PER_ADDRESS,
    registrationsPerAddress: config.REGISTRATIONS_PER_ADDRESS,
  };
  const logIn = createLogIn({ pool, hashes, attempts, secrets, limits });
  const ring = createKeyRing({
    pool,
    secrets,
    aheadMs: config.KEY_PUBLISH_AHEAD_MS,
    rotationMs: config.KEY_ROTATION_MS,
    tokenMs,
  });
  const tok = createTok(ring);
  const acct = createAcct({ pool, cookies, csrf, hashes, logIn, sess });

  return {
    acct,
    identify: createIdentify({ pool, cookies, sess, tok }),
    checkApiCsrf: csrf.checkApiCsrf,
    routes: acctRoutes({ pool, acct, logIn, tok, ring }),

    async start() {
      await ring.start();
      await bootstrapAccounts({ pool, hashes, logger }, [
        {
          eml: 'operator@newscience.example',
          nm: 'Operator',
          rol: 'O',
          pwd: config.BOOTSTRAP_OPERATOR_PASSWORD,
        },
        {
          eml: 'editor@newscience.example',
          nm: 'Editor',
          rol: 'E',
          pwd: config.BOOTSTRAP_EDITOR_PASSWORD,
        },
      ]);
    },

    async cleanUp() {
      await sess.cleanUp();
      await attempts.cleanUp();
      await ring.rotateIfDue();
      await ring.cleanUp();
    },
  };
}
