import { Router } from 'express';
import type { Request } from 'express';
import type { ArtFlt } from '../articles/art-int.ts';
import type { SubKnd } from '../subscriptions/sub-int.ts';
import { viewerOf } from '../viewer.ts';
import { cardOf } from './cards.ts';
import { given, notFound, parameter } from './given.ts';
import { links, withParameter } from './links.ts';
import { toneOf } from './motif/section-motifs.ts';
import type { PageDeps } from './page-deps.ts';
import { countOf, dayOf } from './wording.ts';

const perPage = 20;

/** The pages with all articles of a section, on a topic, by an author. */
export function listPages({ art, cmt, sub, show }: PageDeps): Router {
  const router = Router();

  async function articles(req: Request, filter: ArtFlt, path: string) {
    const cursor = parameter(req.query, 'cursor');
    const { itms, nxt } = given(await art.lstArt(filter, perPage, cursor));
    const counts = await cmt.cntCmt(itms.map(({ artId }) => artId));
    return {
      cards: itms.map((hdr) => cardOf(hdr, counts.get(hdr.artId))),
      /** Null on the last page. */
      next: nxt === null ? null : withParameter(path, 'cursor', nxt),
      /** Null on the first page. */
      newest: cursor === null ? null : path,
      current: cursor === null ? path : withParameter(path, 'cursor', cursor),
    };
  }

  /** Whether the viewer follows it; null for somebody without an account. */
  async function following(req: Request, kind: SubKnd, value: string) {
    const viewer = viewerOf(req);
    if (viewer.kind === 'anonymous') return { kind, value, state: null };
    const subs = await sub.lstSub(viewer.usrId);
    return { kind, value, state: subs.some(({ knd, val }) => knd === kind && val === value) };
  }

  router.get('/sections/:code', async (req, res) => {
    const { code } = req.params;
    const section = (await art.lstSect()).find(({ sectCd }) => sectCd === code);
    if (section === undefined) throw notFound('There is no section at this address.');
    const path = links.section(code);
    const [list, follow] = await Promise.all([
      articles(req, { sectCd: code }, path),
      following(req, 'S', code),
    ]);
    const head = {
      title: section.sectNm,
      description: `All articles of New Science in the section ${section.sectNm}, newest first.`,
      path: list.current,
      next: list.next,
      feed: { title: `New Science: ${section.sectNm}`, path: links.sectionFeed(code) },
    };
    await show.page(req, res, head, '/section', {
      ...list,
      name: section.sectNm,
      tone: toneOf(code),
      picture: links.picture(code, code),
      count: countOf(section.cnt, 'article', 'articles'),
      feed: links.sectionFeed(code),
      follow,
    });
  });

  router.get('/topics/:name', async (req, res) => {
    const { name } = req.params;
    if (!(await art.hasTop(name))) throw notFound('No article has this topic.');
    const path = links.topic(name);
    const [list, follow] = await Promise.all([
      articles(req, { topNm: name }, path),
      following(req, 'T', name),
    ]);
    const head = {
      title: name,
      description: `All articles of New Science on ${name}, newest first.`,
      path: list.current,
      next: list.next,
    };
    await show.page(req, res, head, '/topic', { ...list, name, follow });
  });

  router.get('/authors/:name', async (req, res) => {
    const { name } = req.params;
    const author = await art.getAut(name);
    if (author === null) throw notFound('Nobody of this name has written here.');
    const path = links.author(name);
    const list = await articles(req, { autNm: name }, path);
    const head = {
      title: name,
      description: `Articles by ${name} in New Science, newest first.`,
      path: list.current,
      next: list.next,
    };
    await show.page(req, res, head, '/author', {
      ...list,
      name,
      count: countOf(author.cnt, 'article', 'articles'),
      since: dayOf(author.fstTs),
      last: author.cnt > 1 ? dayOf(author.lstTs) : null,
      topics: author.tops.map(({ topNm }) => ({ name: topNm, url: links.topic(topNm) })),
    });
  });

  return router;
}
