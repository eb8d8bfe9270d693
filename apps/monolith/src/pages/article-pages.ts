import { Router } from 'express';
import type { Request, Response } from 'express';
import { requireRol, requireUser } from '../accounts/access.ts';
import type { ArtRec } from '../articles/art-int.ts';
import { readable } from '../articles/readable.ts';
import { countsAsView } from '../most-read/bots.ts';
import { viewerOf } from '../viewer.ts';
import { articleView, relatedTo } from './article-view.ts';
import { commentUrl, discussionView } from './discussion.ts';
import type { Refused } from './discussion.ts';
import { fieldsOf, refusedForm, typed } from './form.ts';
import type { Labels } from './form.ts';
import { given, parameter } from './given.ts';
import { links, withParameter } from './links.ts';
import type { PageDeps } from './page-deps.ts';
import { clip } from './wording.ts';

/** What the reader can put right, and is shown beside the form; anything else is a page of its own. */
const correctable = new Set([
  'validation_failed',
  'comment_rate_exceeded',
  'comment_already_reported',
]);

/** An article with its discussion, and the forms of the discussion. */
export function articlePages({ art, cmt, hit, acct, show }: PageDeps): Router {
  const router = Router();

  async function articlePage(
    req: Request,
    res: Response,
    rec: ArtRec,
    refused: { status: number; refused: Refused } | null = null,
  ): Promise<void> {
    const viewer = viewerOf(req);
    const isPublic = rec.sts === 'P';
    const cursor = parameter(req.query, 'comments');
    const [related, discussion] = await Promise.all([
      relatedTo(art, rec),
      isPublic ? discussionView(cmt, viewer, rec, cursor, refused?.refused) : null,
    ]);
    const head = {
      title: rec.ttl,
      description: clip(rec.smry ?? rec.bdy, 200),
      path: links.article(rec.artRef),
      listed: isPublic,
      stored: isPublic,
      status: refused?.status ?? 200,
      ...(rec.pubTs === null ? {} : { published: rec.pubTs.toISOString() }),
    };
    await show.page(req, res, head, '/article', {
      article: articleView(viewer, rec, related),
      discussion,
    });
  }

  router.get('/articles/:ref', async (req, res) => {
    const rec = readable(viewerOf(req), await art.getArt(req.params.ref));
    await articlePage(req, res, rec);
    if (rec.sts === 'P' && req.method === 'GET' && countsAsView(req)) hit.hitArt(rec.artId);
  });

  /** The form again with the article around it, or a page about what went wrong. */
  async function again(
    req: Request,
    res: Response,
    artRef: string,
    form: Refused['form'],
    cmtRef: string | null,
    error: { code: string; detail: string; retryAfterSeconds?: number },
    labels: Labels,
    fieldOf: (pointer: string) => string,
  ): Promise<void> {
    if (!correctable.has(error.code)) given({ ok: false, error });
    const rec = readable(viewerOf(req), await art.getArt(artRef));
    const view = refusedForm(typed(fieldsOf(req), Object.keys(labels)), error, labels, fieldOf);
    const wait = error.retryAfterSeconds;
    if (wait !== undefined) res.set('retry-after', String(Math.ceil(wait)));
    await articlePage(req, res, rec, {
      status: wait === undefined ? 400 : 429,
      refused: { form, cmtRef, view },
    });
  }

  router.post('/articles/:ref/comments', async (req, res) => {
    const { usrId } = requireUser(req);
    const { ref } = req.params;
    const fields = fieldsOf(req);
    const parRef = fields('parent') === '' ? null : fields('parent');
    const made = await cmt.addCmt(ref, usrId, fields('text'), parRef);
    if (made.ok) {
      const { artId, cmtRef } = made.value;
      res.redirect(303, await commentUrl(cmt, { artId, artRef: ref }, cmtRef, 'commented'));
      return;
    }
    const form = parRef === null ? 'comment' : 'reply';
    const labels = { text: parRef === null ? 'Comment' : 'Reply' };
    await again(req, res, ref, form, parRef, made.error, labels, () => 'text');
  });

  router.post('/articles/:ref/comments/:comment/report', async (req, res) => {
    const { usrId } = requireUser(req);
    const { ref, comment } = req.params;
    const made = await cmt.rptCmt(comment, usrId, fieldsOf(req)('reason'));
    if (made.ok) {
      res.redirect(303, withParameter(links.comment(ref, comment), 'done', 'reported'));
      return;
    }
    await again(req, res, ref, 'report', comment, made.error, { reason: 'Reason' }, () => 'reason');
  });

  router.post('/articles/:ref/comments/:comment/delete', async (req, res) => {
    const { usrId } = requireUser(req);
    const { ref, comment } = req.params;
    given(await cmt.delCmt(comment, usrId));
    res.redirect(303, withParameter(`${links.article(ref)}#comments`, 'done', 'comment-deleted'));
  });

  /** Where an editor came from: the article, or the list of reported comments. */
  const back = (req: Request, ref: string, comment: string, done: string) =>
    withParameter(acct.safeNext(fieldsOf(req)('next'), links.comment(ref, comment)), 'done', done);

  router.post('/articles/:ref/comments/:comment/hide', async (req, res) => {
    const { usrId } = requireRol(req, 'E');
    const { ref, comment } = req.params;
    given(await cmt.hidCmt(comment, usrId));
    res.redirect(303, back(req, ref, comment, 'hidden'));
  });

  router.post('/articles/:ref/comments/:comment/show', async (req, res) => {
    requireRol(req, 'E');
    const { ref, comment } = req.params;
    given(await cmt.clrCmt(comment));
    res.redirect(303, back(req, ref, comment, 'shown'));
  });

  return router;
}
