import express, { Router } from 'express';
import type { Request } from 'express';
import { z } from 'zod';
import { ProblemError } from '@newscience/service-kit/problem';
import { parseRequest } from '@newscience/service-kit/validation';
import { requireUser } from '../accounts/access.ts';
import { digestSchema, sectionPath, tokenPath, topicPath } from './operations.ts';
import type { SubInt, SubKnd } from './sub-int.ts';

export type SubRoutesDeps = { sub: SubInt };

const oneClickBody = z.object({ 'List-Unsubscribe': z.literal('One-Click') });

/** Mail clients send the form of RFC 8058, some of them as multipart, which no page of ours does. */
function isOneClick(req: Request): boolean {
  return oneClickBody.safeParse(req.body).success || Boolean(req.is('multipart/form-data'));
}

/** The JSON API of subscriptions, and the unsubscribe link's POST. */
export function subRoutes({ sub }: SubRoutesDeps): Router {
  const router = Router();

  async function follow(req: Request, knd: SubKnd, val: string): Promise<void> {
    const done = await sub.addSub(requireUser(req).usrId, knd, val);
    if (!done.ok) throw new ProblemError(done.error);
  }

  async function unfollow(req: Request, knd: SubKnd, val: string): Promise<void> {
    if (await sub.delSub(requireUser(req).usrId, knd, val)) return;
    throw new ProblemError({ code: 'subscription_not_found', detail: 'You do not follow this.' });
  }

  router.get('/api/v1/me/subscriptions', async (req, res) => {
    const { usrId } = requireUser(req);
    const items = (await sub.lstSub(usrId)).map(({ knd, val, nm, crtTs }) => ({
      kind: knd === 'T' ? 'topic' : 'section',
      value: val,
      name: nm,
      since: crtTs.toISOString(),
    }));
    res.set('cache-control', 'no-store');
    res.json({ items, digest: { active: await sub.getDgst(usrId) }, nextCursor: null });
  });

  router.put('/api/v1/me/subscriptions/topics/:name', async (req, res) => {
    requireUser(req);
    await follow(req, 'T', parseRequest(req, { params: topicPath }).params.name);
    res.status(204).end();
  });

  router.delete('/api/v1/me/subscriptions/topics/:name', async (req, res) => {
    requireUser(req);
    await unfollow(req, 'T', parseRequest(req, { params: topicPath }).params.name);
    res.status(204).end();
  });

  router.put('/api/v1/me/subscriptions/sections/:code', async (req, res) => {
    requireUser(req);
    await follow(req, 'S', parseRequest(req, { params: sectionPath }).params.code);
    res.status(204).end();
  });

  router.delete('/api/v1/me/subscriptions/sections/:code', async (req, res) => {
    requireUser(req);
    await unfollow(req, 'S', parseRequest(req, { params: sectionPath }).params.code);
    res.status(204).end();
  });

  router.put('/api/v1/me/digest', async (req, res) => {
    const { usrId } = requireUser(req);
    const { body } = parseRequest(req, { body: digestSchema });
    await sub.setDgst(usrId, body.active);
    res.json({ active: body.active });
  });

  // No CSRF check: the token in the path is the authority, and mail clients have no other.
  router.post(
    '/unsubscribe/:token',
    express.urlencoded({ extended: false, limit: '4kb' }),
    async (req, res) => {
      const { params } = parseRequest(req, { params: tokenPath });
      if (!(await sub.doUns(params.token))) {
        throw new ProblemError({
          code: 'unsubscribe_link_unknown',
          detail: 'The link is not complete, or the account is gone.',
        });
      }
      res.set('cache-control', 'no-store');
      if (isOneClick(req))
        res.type('text/plain').send('You will get no more digests from New Science.\n');
      else res.status(303).location(`/unsubscribe/${params.token}`).end();
    },
  );

  return router;
}
