import { Router } from 'express';
import { ProblemError } from '@newscience/service-kit/problem';
import { parseRequest } from '@newscience/service-kit/validation';
import { itemOf } from '../articles/art-jsn.ts';
import type { CmtInt } from '../comments/cmt-int.ts';
import type { AutInt } from './aut-int.ts';
import { authorPath, authorQuery } from './operations.ts';

export type AutRoutesDeps = { aut: AutInt; cmt: Pick<CmtInt, 'cntCmt'> };

/** The JSON API of authors. */
export function autRoutes({ aut, cmt }: AutRoutesDeps): Router {
  const router = Router();
  router.get('/api/v1/authors/:name', async (req, res) => {
    const { params, query } = parseRequest(req, { params: authorPath, query: authorQuery });
    const found = await aut.getAutPg(params.name, query.limit, query.cursor ?? null);
    if (!found.ok) throw new ProblemError(found.error);
    const { sum, pg } = found.value;
    const counts = await cmt.cntCmt(pg.itms.map(({ artId }) => artId));
    res.json({
      name: sum.autNm,
      articleCount: sum.cnt,
      firstPublishedAt: sum.fstTs.toISOString(),
      lastPublishedAt: sum.lstTs.toISOString(),
      topics: sum.tops.map(({ topNm, cnt }) => ({ name: topNm, articleCount: cnt })),
      url: `/authors/${encodeURIComponent(sum.autNm)}`,
      items: pg.itms.map((hdr) => itemOf(hdr, counts.get(hdr.artId) ?? 0)),
      nextCursor: pg.nxt,
    });
  });
  return router;
}
