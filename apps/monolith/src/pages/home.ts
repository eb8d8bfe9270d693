import { Router } from 'express';
import type { ArtHdr, SectRec } from '../articles/art-int.ts';
import { cardOf } from './cards.ts';
import { given } from './given.ts';
import { links } from './links.ts';
import { toneOf } from './motif/section-motifs.ts';
import type { PageDeps } from './page-deps.ts';

const perSection = 3;
const onTop = 4;

/** The front page: a lead story, what else is new, what is read most, and the latest of each section. */
export function homePage({ art, cmt, hit, show, sections }: PageDeps): Router {
  const router = Router();

  /** What already stands above is not repeated below. */
  async function latestOf(
    { sectCd, sectNm }: SectRec,
    above: ReadonlySet<number>,
  ): Promise<{ name: string; url: string; tone: string; hdrs: ArtHdr[] }> {
    const { itms } = given(await art.lstArt({ sectCd }, perSection + onTop, null));
    const hdrs = itms.filter(({ artId }) => !above.has(artId)).slice(0, perSection);
    return { name: sectNm, url: links.section(sectCd), tone: toneOf(sectCd), hdrs };
  }

  router.get('/', async (req, res) => {
    const [newest, most, all] = await Promise.all([
      art.lstArt({}, onTop, null),
      hit.topArt('day', 6),
      sections.list(),
    ]);
    const top = given(newest).itms;
    const above = new Set(top.map(({ artId }) => artId));
    const blocks = await Promise.all(
      all.filter(({ cnt }) => cnt > 0).map((sect) => latestOf(sect, above)),
    );
    const counts = await cmt.cntCmt(top.map(({ artId }) => artId));
    const [lead, ...others] = top.map((hdr) => cardOf(hdr, counts.get(hdr.artId)));
    const head = {
      title: 'New Science',
      description:
        'Science news, features and explainers: space, life, health, the Earth, and how research is done.',
      path: '/',
      place: 'home',
      feed: { title: 'New Science', path: '/feed.xml' },
    } as const;
    await show.page(req, res, head, '/home', {
      lead,
      others,
      most: most.map(({ hdr }) => cardOf(hdr)),
      blocks: blocks
        .filter(({ hdrs }) => hdrs.length > 0)
        .map(({ hdrs, ...block }) => ({ ...block, cards: hdrs.map((hdr) => cardOf(hdr)) })),
    });
  });

  router.get('/most-read', async (req, res) => {
    const [day, ever] = await Promise.all([hit.topArt('day', 20), hit.topArt('all', 20)]);
    const head = {
      title: 'Most read',
      description: 'What readers of New Science read most, in the last 24 hours and of all time.',
      path: '/most-read',
      place: 'most-read',
    } as const;
    const ranked = (hits: typeof day) =>
      hits.map(({ hdr, cnt }) => ({ ...cardOf(hdr), views: cnt }));
    await show.page(req, res, head, '/most-read', { day: ranked(day), ever: ranked(ever) });
  });

  return router;
}
