import { Router } from 'express';
import { parseRequest } from '@newscience/service-kit/validation';
import { itemOf } from '../articles/art-jsn.ts';
import type { CmtInt } from '../comments/cmt-int.ts';
import type { HitInt } from './hit-int.ts';
import { mostReadQuery } from './operations.ts';

export type HitRoutesDeps = { hit: HitInt; cmt: Pick<CmtInt, 'cntCmt'> };

/** The JSON API of most-read. */
export function hitRoutes({ hit, cmt }: HitRoutesDeps): Router {
  const router = Router();
  router.get('/api/v1/most-read', async (req, res) => {
    const { query } = parseRequest(req, { query: mostReadQuery });
    const found = await hit.topArt(query.window === 'all' ? 'all' : 'day', query.limit);
    const counts = await cmt.cntCmt(found.map(({ hdr }) => hdr.artId));
    const items = found.map(({ hdr, cnt }) => ({
      ...itemOf(hdr, counts.get(hdr.artId) ?? 0),
      views: cnt,
    }));
    res.json({ window: query.window, items, nextCursor: null });
  });
  return router;
}
