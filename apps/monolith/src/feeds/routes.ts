import { createHash } from 'node:crypto';
import { Router } from 'express';
import type { Request, Response } from 'express';
import { ProblemError } from '@newscience/service-kit/problem';
import { parseRequest } from '@newscience/service-kit/validation';
import type { ArtFlt, ArtHdr, ArtInt } from '../articles/art-int.ts';
import { isUnchanged } from './conditional.ts';
import { feedPath } from './operations.ts';
import type { Channel } from './rss.ts';
import { rfc822, rssOf } from './rss.ts';

/** `siteUrl` is where readers reach the site. */
export type FeedRoutesDeps = { art: ArtInt; siteUrl: string };

const itemsInFeed = 30;

function latest(hdrs: ArtHdr[]): Date | null {
  const times = hdrs.map(({ updTs }) => updTs.getTime());
  return times.length === 0 ? null : new Date(Math.max(...times));
}

/** The feeds of the site and of its sections. */
export function feedRoutes({ art, siteUrl: given }: FeedRoutesDeps): Router {
  const router = Router();
  const siteUrl = given.replace(/\/+$/, '');

  async function answer(req: Request, res: Response, flt: ArtFlt, about: Channel): Promise<void> {
    const page = await art.lstArt(flt, itemsInFeed, null);
    if (!page.ok) throw new ProblemError(page.error);
    const updated = latest(page.value.itms);
    const xml = rssOf(about, page.value.itms, updated, siteUrl);
    const etag = `"${createHash('sha256').update(xml).digest('base64url').slice(0, 27)}"`;
    const lastModified = updated && rfc822(updated);
    res.set({ etag, 'cache-control': 'public, max-age=60' });
    if (lastModified !== null) res.set('last-modified', lastModified);
    // Sent by hand: Express's own 304 compares dates in another way than `isUnchanged`.
    if (isUnchanged(req.headers, etag, lastModified)) {
      res.status(304).end();
      return;
    }
    res.set('content-type', 'application/rss+xml; charset=utf-8');
    res.set('content-length', String(Buffer.byteLength(xml))).end(xml);
  }

  router.get('/feed.xml', async (req, res) => {
    await answer(
      req,
      res,
      {},
      {
        title: 'New Science',
        description: 'News from all of science',
        link: `${siteUrl}/`,
        url: `${siteUrl}/feed.xml`,
      },
    );
  });

  router.get('/sections/:code/feed.xml', async (req, res) => {
    const { params } = parseRequest(req, { params: feedPath });
    const sect = (await art.lstSect()).find(({ sectCd }) => sectCd === params.code);
    if (!sect)
      throw new ProblemError({
        code: 'section_not_found',
        detail: 'There is no section with this code.',
      });
    const link = `${siteUrl}/sections/${sect.sectCd}`;
    await answer(
      req,
      res,
      { sectCd: sect.sectCd },
      {
        title: `New Science: ${sect.sectNm}`,
        description: `${sect.sectNm} on New Science`,
        link,
        url: `${link}/feed.xml`,
      },
    );
  });

  return router;
}
