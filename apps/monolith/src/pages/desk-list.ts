import { Router } from 'express';
import type { Request } from 'express';
import { hasRol, requireRol } from '../accounts/access.ts';
import type { ArtHdr, ArtSts } from '../articles/art-int.ts';
import { mayEditArt } from '../articles/art-rgt.ts';
import { viewerOf } from '../viewer.ts';
import type { Viewer } from '../viewer.ts';
import { given, parameter } from './given.ts';
import { links, withParameter } from './links.ts';
import type { PageDeps } from './page-deps.ts';
import { dayOf, momentOf, namesOf } from './wording.ts';

const perPage = 30;
const mostReports = 100;

const filters = [
  { key: 'open', label: 'In progress', sts: ['D', 'E'] },
  { key: 'drafts', label: 'Drafts', sts: ['D'] },
  { key: 'embargoed', label: 'Under embargo', sts: ['E'] },
  { key: 'published', label: 'Published', sts: ['P'] },
  { key: 'withdrawn', label: 'Withdrawn', sts: ['W'] },
  { key: 'all', label: 'All', sts: ['D', 'E', 'P', 'W'] },
] as const satisfies { key: string; label: string; sts: ArtSts[] }[];

/** The states as people call them. */
export const stateNames = {
  D: 'Draft',
  E: 'Under embargo',
  P: 'Published',
  W: 'Withdrawn',
} as const satisfies Record<ArtSts, string>;

function when(hdr: ArtHdr): string {
  if (hdr.sts === 'E' && hdr.embTs) return `until ${momentOf(hdr.embTs)}`;
  if (hdr.sts === 'P' && hdr.pubTs) return `since ${dayOf(hdr.pubTs)}`;
  if (hdr.sts === 'W' && hdr.wdrTs) return `since ${dayOf(hdr.wdrTs)}`;
  return `begun ${dayOf(hdr.crtTs)}`;
}

function rowOf(viewer: Viewer, hdr: ArtHdr) {
  return {
    title: hdr.ttl,
    state: hdr.sts,
    stateName: stateNames[hdr.sts],
    when: when(hdr),
    section: hdr.sectNm,
    authors: namesOf(hdr.auts),
    revision: hdr.rev,
    edit: mayEditArt(viewer, hdr) ? links.desk(hdr.artRef) : null,
    view: links.article(hdr.artRef),
  };
}

/** The editor's desk: what is written, in which state, and the comments that readers reported. */
export function deskListPages({ art, cmt, show }: PageDeps): Router {
  const router = Router();

  function path(key: string, own: boolean): string {
    const state = key === 'open' ? '/desk' : withParameter('/desk', 'state', key);
    return own ? withParameter(state, 'whose', 'own') : state;
  }

  function chosen(req: Request) {
    const key = parameter(req.query, 'state');
    return filters.find((filter) => filter.key === key) ?? filters[0];
  }

  router.get('/desk', async (req, res) => {
    const viewer = requireRol(req, 'C');
    const isEditor = hasRol(viewer, 'E');
    const filter = chosen(req);
    const own = parameter(req.query, 'whose') === 'own';
    const cursor = parameter(req.query, 'cursor');
    const { itms, nxt } = given(
      await art.lstArt(
        { sts: [...filter.sts], ...(own || !isEditor ? { ownUsrId: viewer.usrId } : {}) },
        perPage,
        cursor,
      ),
    );
    const reported = isEditor ? (await cmt.lstRpt(mostReports)).length : 0;
    const here = path(filter.key, own);
    const head = {
      title: 'Editor’s desk',
      path: here,
      place: 'desk',
      listed: false,
      stored: false,
    } as const;
    await show.page(req, res, head, '/desk', {
      rows: itms.map((hdr) => rowOf(viewer, hdr)),
      next: nxt === null ? null : withParameter(here, 'cursor', nxt),
      newest: cursor === null ? null : here,
      filters: filters.map(({ key, label }) => ({
        label,
        url: path(key, own),
        current: key === filter.key,
      })),
      whose: isEditor
        ? [
            { label: 'Everybody’s', url: path(filter.key, false), current: !own },
            { label: 'Mine', url: path(filter.key, true), current: own },
          ]
        : null,
      reported: isEditor ? reported : null,
    });
  });

  router.get('/desk/comments', async (req, res) => {
    requireRol(req, 'E');
    const reports = await cmt.lstRpt(mostReports);
    const head = { title: 'Reported comments', path: '/desk/comments', place: 'desk' } as const;
    await show.page(req, res, { ...head, listed: false, stored: false }, '/desk-comments', {
      viewer: viewerOf(req),
      reports: reports.map(({ cmt: comment, artRef, ttl, cnt, rsns, lstTs }) => ({
        ref: comment.cmtRef,
        name: comment.nm,
        text: comment.txt,
        hidden: comment.sts === 'H',
        when: momentOf(comment.crtTs),
        article: { title: ttl, url: links.article(artRef) },
        count: cnt,
        reasons: rsns,
        last: momentOf(lstTs),
        action: `${links.article(artRef)}/comments/${comment.cmtRef}`,
      })),
    });
  });

  return router;
}
