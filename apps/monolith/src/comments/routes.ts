import { Router } from 'express';
import type { z } from 'zod';
import { ProblemError } from '@newscience/service-kit/problem';
import type { Result } from '@newscience/service-kit/result';
import { parseRequest } from '@newscience/service-kit/validation';
import { requireRol, requireUser } from '../accounts/access.ts';
import type { ArtInt } from '../articles/art-int.ts';
import { mayPublish } from '../articles/art-rgt.ts';
import { readable } from '../articles/readable.ts';
import { articlePath } from '../articles/schemas.ts';
import { viewerOf } from '../viewer.ts';
import type { CmtErr, CmtInt, CmtRec } from './cmt-int.ts';
import type { commentSchema } from './schemas.ts';
import {
  commentInputSchema,
  commentListQuery,
  commentPath,
  reportedQuery,
  reportInputSchema,
} from './schemas.ts';

export type CmtRoutesDeps = { cmt: CmtInt; art: ArtInt };

const statuses = { V: 'visible', H: 'hidden', X: 'deleted' } as const;

function shown(cmt: CmtRec, articleId: string): z.output<typeof commentSchema> {
  return {
    id: cmt.cmtRef,
    articleId,
    parentId: cmt.parRef,
    author: { id: cmt.usrRef, name: cmt.nm },
    text: cmt.txt,
    status: statuses[cmt.sts],
    createdAt: cmt.crtTs.toISOString(),
  };
}

const pointers: Record<string, string> = { '/txt': '/body/text', '/rsn': '/body/reason' };

function given<T>(result: Result<T, CmtErr>): T {
  if (result.ok) return result.value;
  const { faults, ...error } = result.error;
  const named = faults?.map((fault) => ({
    ...fault,
    pointer: pointers[fault.pointer] ?? fault.pointer,
  }));
  throw new ProblemError(named ? { ...error, faults: named } : error);
}

/** The JSON API of comments. */
export function cmtRoutes({ cmt, art }: CmtRoutesDeps): Router {
  const router = Router();

  router.get('/api/v1/articles/:id/comments', async (req, res) => {
    const { params, query } = parseRequest(req, { params: articlePath, query: commentListQuery });
    const viewer = viewerOf(req);
    const hdr = readable(viewer, await art.getHdr(params.id));
    const page = given(
      await cmt.lstCmt(hdr.artId, query.limit, query.cursor ?? null, mayPublish(viewer)),
    );
    res.json({
      items: page.itms.map((itm) => shown(itm, hdr.artRef)),
      nextCursor: page.nxt,
      total: page.tot,
    });
  });

  router.post('/api/v1/articles/:id/comments', async (req, res) => {
    const { usrId } = requireUser(req);
    const { params, body } = parseRequest(req, { params: articlePath, body: commentInputSchema });
    const made = given(await cmt.addCmt(params.id, usrId, body.text, body.parentId ?? null));
    res.status(201).json(shown(made, params.id));
  });

  router.get('/api/v1/comments/reported', async (req, res) => {
    requireRol(req, 'E');
    const { query } = parseRequest(req, { query: reportedQuery });
    const items = (await cmt.lstRpt(query.limit)).map((rpt) => ({
      comment: shown(rpt.cmt, rpt.artRef),
      articleTitle: rpt.ttl,
      reports: rpt.cnt,
      reasons: rpt.rsns,
      lastReportedAt: rpt.lstTs.toISOString(),
    }));
    res.json({ items, nextCursor: null });
  });

  router.delete('/api/v1/comments/:id', async (req, res) => {
    const { usrId } = requireUser(req);
    const { params } = parseRequest(req, { params: commentPath });
    given(await cmt.delCmt(params.id, usrId));
    res.status(204).end();
  });

  router.post('/api/v1/comments/:id/report', async (req, res) => {
    const { usrId } = requireUser(req);
    const { params, body } = parseRequest(req, { params: commentPath, body: reportInputSchema });
    given(await cmt.rptCmt(params.id, usrId, body.reason));
    res.status(204).end();
  });

  router.post('/api/v1/comments/:id/hide', async (req, res) => {
    const { usrId } = requireRol(req, 'E');
    const { params } = parseRequest(req, { params: commentPath });
    given(await cmt.hidCmt(params.id, usrId));
    res.status(204).end();
  });

  router.post('/api/v1/comments/:id/keep', async (req, res) => {
    requireRol(req, 'E');
    const { params } = parseRequest(req, { params: commentPath });
    given(await cmt.clrCmt(params.id));
    res.status(204).end();
  });

  return router;
}
