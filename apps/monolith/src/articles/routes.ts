import { Router } from 'express';
import type { Request, Response } from 'express';
import { ProblemError } from '@newscience/service-kit/problem';
import type { Result } from '@newscience/service-kit/result';
import { parseRequest } from '@newscience/service-kit/validation';
import { requireRol } from '../accounts/access.ts';
import type { CmtInt } from '../comments/cmt-int.ts';
import type { Viewer } from '../viewer.ts';
import { viewerOf } from '../viewer.ts';
import type { ArtErr, ArtFlt, ArtHdr, ArtInt, ArtRec } from './art-int.ts';
import { articleJson, itemOf, pathOf, pointerOf, putOf, stsOf } from './art-jsn.ts';
import { mayEditArt, mayPublish } from './art-rgt.ts';
import { readable } from './readable.ts';
import {
  articleInputSchema,
  articleListQuery,
  articlePath,
  scheduleSchema,
  topicListQuery,
} from './schemas.ts';

export type ArtRoutesDeps = { art: ArtInt; cmt: Pick<CmtInt, 'cntCmt'> };

function given<T>(result: Result<T, ArtErr>): T {
  if (result.ok) return result.value;
  const { faults = [], ...error } = result.error;
  const named = faults.map((fault) => ({ ...fault, pointer: pointerOf(fault.pointer) }));
  throw new ProblemError(named.length === 0 ? error : { ...error, faults: named });
}

/** The revision in `If-Match: "3"`. */
function revisionOf(req: Request): number {
  const header = req.get('if-match');
  if (header === undefined) {
    const detail = 'Send If-Match with the revision that you saw (the ETag of the article).';
    throw new ProblemError({ code: 'article_revision_required', detail });
  }
  const revision = /^"([1-9]\d{0,8})"$/.exec(header)?.[1];
  if (revision !== undefined) return Number(revision);
  const remedy = 'Give one revision in quotes, such as "3".';
  const fault = {
    pointer: '/headers/if-match',
    value: header.slice(0, 100),
    problem: 'is no revision',
    remedy,
  };
  throw new ProblemError({
    code: 'validation_failed',
    detail: `If-Match is no revision. ${remedy}`,
    faults: [fault],
  });
}

/** Which articles of a list the viewer may ask for. */
function allowed(
  viewer: Viewer,
  status: 'draft' | 'embargoed' | 'published' | 'withdrawn',
  req: Request,
): ArtFlt {
  if (status === 'published') return {};
  const sts = [stsOf(status)];
  if (mayPublish(viewer)) return { sts };
  return { sts, ownUsrId: requireRol(req, 'C').usrId };
}

/** The JSON API of articles. */
export function artRoutes({ art, cmt }: ArtRoutesDeps): Router {
  const router = Router();

  async function items(hdrs: ArtHdr[]) {
    const counts = await cmt.cntCmt(hdrs.map(({ artId }) => artId));
    return hdrs.map((hdr) => itemOf(hdr, counts.get(hdr.artId) ?? 0));
  }

  async function show(res: Response, rec: ArtRec): Promise<void> {
    const counts = await cmt.cntCmt([rec.artId]);
    const text = JSON.stringify(articleJson(rec, counts.get(rec.artId) ?? 0));
    // Written by hand: Express would answer 304 to the revision alone, and the comments would stay old.
    res.set({
      etag: `"${rec.rev}"`,
      'cache-control': 'private, no-cache',
      'content-type': 'application/json; charset=utf-8',
    });
    res.set('content-length', String(Buffer.byteLength(text))).end(text);
  }

  router.get('/api/v1/articles', async (req, res) => {
    const { query } = parseRequest(req, { query: articleListQuery });
    const flt: ArtFlt = {
      ...allowed(viewerOf(req), query.status, req),
      ...(query.section === undefined ? {} : { sectCd: query.section }),
      ...(query.topic === undefined ? {} : { topNm: query.topic }),
      ...(query.author === undefined ? {} : { autNm: query.author }),
    };
    const page = given(await art.lstArt(flt, query.limit, query.cursor ?? null));
    res.json({ items: await items(page.itms), nextCursor: page.nxt });
  });

  router.post('/api/v1/articles', async (req, res) => {
    const viewer = requireRol(req, 'C');
    const { body } = parseRequest(req, { body: articleInputSchema });
    const rec = given(await art.crtArt(putOf(body), viewer.usrId));
    res.status(201).location(`/api/v1${pathOf(rec.artRef)}`);
    await show(res, rec);
  });

  router.get('/api/v1/articles/:id', async (req, res) => {
    const { params } = parseRequest(req, { params: articlePath });
    await show(res, readable(viewerOf(req), await art.getArt(params.id)));
  });

  router.put('/api/v1/articles/:id', async (req, res) => {
    const viewer = requireRol(req, 'C');
    const rev = revisionOf(req);
    const { params, body } = parseRequest(req, { params: articlePath, body: articleInputSchema });
    const before = readable(viewer, await art.getHdr(params.id));
    if (!mayEditArt(viewer, before)) {
      throw new ProblemError({
        code: 'forbidden',
        detail: 'Contributors change their own drafts only.',
      });
    }
    await show(res, given(await art.updArt(params.id, putOf(body), rev)));
  });

  router.post('/api/v1/articles/:id/publish', async (req, res) => {
    requireRol(req, 'E');
    const { params } = parseRequest(req, { params: articlePath });
    await show(res, given(await art.pubArt(params.id, revisionOf(req))));
  });

  router.post('/api/v1/articles/:id/schedule', async (req, res) => {
    requireRol(req, 'E');
    const { params, body } = parseRequest(req, { params: articlePath, body: scheduleSchema });
    await show(
      res,
      given(await art.schArt(params.id, revisionOf(req), new Date(body.embargoUntil))),
    );
  });

  router.post('/api/v1/articles/:id/withdraw', async (req, res) => {
    requireRol(req, 'E');
    const { params } = parseRequest(req, { params: articlePath });
    await show(res, given(await art.wdrArt(params.id, revisionOf(req))));
  });

  router.get('/api/v1/articles/:id/related', async (req, res) => {
    const { params } = parseRequest(req, { params: articlePath });
    const rec = readable(viewerOf(req), await art.getArt(params.id));
    const related = await art.getHdrsByRef(rec.rels);
    res.json({ items: await items(related.filter(({ sts }) => sts === 'P')), nextCursor: null });
  });

  router.get('/api/v1/sections', async (_req, res) => {
    const sections = await art.lstSect();
    res.json({
      items: sections.map((sect) => ({
        code: sect.sectCd,
        name: sect.sectNm,
        articleCount: sect.cnt,
      })),
    });
  });

  router.get('/api/v1/topics', async (req, res) => {
    const { query } = parseRequest(req, { query: topicListQuery });
    const topics = await art.lstTop(query.limit);
    res.json({ items: topics.map(({ topNm, cnt }) => ({ name: topNm, articleCount: cnt })) });
  });

  return router;
}
