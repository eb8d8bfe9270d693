import { Router } from 'express';
import type { AnswerProblem } from '@newscience/service-kit/http-app';
import { accountPages } from './account-pages.ts';
import { articlePages } from './article-pages.ts';
import { createAssets } from './assets.ts';
import { deskListPages } from './desk-list.ts';
import { deskPages } from './desk-pages.ts';
import { entryPages } from './entry-pages.ts';
import { formChecks } from './form.ts';
import { notFound } from './given.ts';
import { homePage } from './home.ts';
import { listPages } from './list-pages.ts';
import type { PageDeps } from './page-deps.ts';
import { createAnswerProblem } from './problems.ts';
import { searchPage } from './search-page.ts';
import { createSections } from './sections.ts';
import { createShow } from './show.ts';

export type PagesDeps = Pick<PageDeps, 'art' | 'cmt' | 'hit' | 'sub' | 'acct'> & {
  publicUrl: string;
};

export type Pages = {
  /** All pages and their files; mounted after the API. */
  routes: Router;
  /** For `createHttpApp`: problems of pages as pages. */
  answerProblem: AnswerProblem;
};

/** Below these all forms are; what is sent there without a valid token reaches no handler. */
const withForms = ['/register', '/login', '/logout', '/account', '/articles', '/desk'];

/** The pages that people see, rendered on the server. */
export function createPages({ publicUrl, ...modules }: PagesDeps): Pages {
  const assets = createAssets();
  const sections = createSections(modules.art);
  const show = createShow({ acct: modules.acct, assets, sections, publicUrl });
  const deps: PageDeps = { ...modules, show };

  const routes = Router();
  // No name in the database has one, and PostgreSQL takes none in a query.
  routes.use((req, _res, next) => {
    if (req.url.includes('%00')) throw notFound('There is nothing at this address.');
    next();
  });
  routes.use(assets.routes);
  routes.use(withForms, formChecks(modules.acct));
  for (const pages of [
    homePage,
    listPages,
    articlePages,
    searchPage,
    entryPages,
    accountPages,
    deskListPages,
    deskPages,
  ]) {
    routes.use(pages(deps));
  }
  return { routes, answerProblem: createAnswerProblem(show) };
}
