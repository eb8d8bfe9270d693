import { Router } from 'express';
import { clip } from './wording.ts';
import { parameter } from './given.ts';
import type { PageDeps } from './page-deps.ts';

/** The search page: the form works without script, the results come from the API and need one. */
export function searchPage({ art, show }: PageDeps): Router {
  const router = Router();
  router.get('/search', async (req, res) => {
    const query = parameter(req.query, 'q') ?? '';
    const topics = await art.lstTop(12);
    const head = {
      title: query === '' ? 'Search' : `Search for “${clip(query, 60)}”`,
      description: 'Search all articles of New Science.',
      path: '/search',
      listed: query === '',
      place: 'search',
      script: 'search.js',
    } as const;
    await show.page(req, res, head, '/search', { query, topics: topics.map(({ topNm }) => topNm) });
  });
  return router;
}
