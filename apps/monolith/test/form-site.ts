import express from 'express';
import { createHealth } from '@newscience/service-kit/health';
import { createHttpApp } from '@newscience/service-kit/http-app';
import { listen } from '@newscience/service-kit/http-server';
import { createLogger } from '@newscience/service-kit/logging';
import { createMetrics } from '@newscience/service-kit/metrics';
import { createPool } from '@newscience/service-kit/postgres';
import { defineProblems, ProblemError } from '@newscience/service-kit/problem';
import { ok } from '@newscience/service-kit/result';
import type { Result } from '@newscience/service-kit/result';
import type { TestDatabase } from '@newscience/testing/template-database';
import { createAccounts } from '../src/accounts/accounts.ts';
import type { AcctErr } from '../src/accounts/acct-int.ts';
import { acctProblems } from '../src/accounts/problems.ts';
import { trustedProxies } from '../src/trusted-proxies.ts';
import { viewerOf } from '../src/viewer.ts';
import { hashing, testConfig } from './monolith.ts';
import type { Env } from './monolith.ts';

export type FormSite = { url: string; close: () => Promise<void> };

const text = (value: unknown) => (typeof value === 'string' ? value : '');

/** The forms of accounts without their looks: what the pages do with the interface, answered in JSON. */
export async function startFormSite(database: TestDatabase, env: Env = {}): Promise<FormSite> {
  const config = testConfig(database, env);
  const logger = createLogger({ service: 'form site', level: 'silent' });
  const pool = createPool({ url: database.url, applicationName: 'form site', logger, max: 5 });
  const accounts = createAccounts({ config, pool, logger, hashing });
  const { acct } = accounts;
  await accounts.start();

  const app = createHttpApp({
    name: 'form-site',
    logger,
    metrics: createMetrics('form-site'),
    health: createHealth(),
    problems: defineProblems(acctProblems),
    routes: (site) => {
      site.set('trust proxy', trustedProxies(config.TRUST_PROXY));
      site.use(accounts.identify);
      site.use('/api', accounts.checkApiCsrf);
      site.use(accounts.routes);
      site.use(express.urlencoded({ extended: false }), acct.checkFormCsrf);
      site.get('/form', (req, res) =>
        res.json({ csrf: acct.csrfTok(req, res), viewer: viewerOf(req) }),
      );
      const form = (
        path: string,
        act: (
          req: express.Request,
          res: express.Response,
          field: (name: string) => string,
        ) => Promise<Result<unknown, AcctErr>>,
      ) =>
        site.post(path, async (req, res) => {
          const body: unknown = req.body;
          const fields = new Map(
            Object.entries(typeof body === 'object' && body !== null ? body : {}),
          );
          const result = await act(req, res, (name) => text(fields.get(name)));
          if (!result.ok) throw new ProblemError(result.error);
          res.json({ viewer: viewerOf(req) });
        });
      form('/register', (req, _res, field) =>
        acct.regUsr(req, { eml: field('email'), nm: field('name'), pwd: field('password') }),
      );
      form('/login', (req, res, field) => acct.logIn(req, res, field('email'), field('password')));
      form('/logout', async (req, res) => {
        await acct.logOut(req, res);
        return ok(null);
      });
      form('/password', (req, res, field) =>
        acct.chgPwd(req, res, field('current'), field('next')),
      );
      form('/delete', (req, res, field) => acct.delUsr(req, res, field('password')));
    },
  });
  const server = await listen({ app, host: '127.0.0.1', port: 0, logger });
  return {
    url: `http://127.0.0.1:${server.port}`,
    async close() {
      await server.close(500);
      await pool.end();
    },
  };
}
