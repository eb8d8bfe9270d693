import { Router } from 'express';
import type { ArtHdr, SectRec } from '../articles/art-int.ts';
import type { HitRec } from '../most-read/hit-int.ts';
import { cardOf } from './cards.ts';
import { given } from './given.ts';
import { links } from './links.ts';
import { toneOf } from './motif/section-motifs.ts';
import type { PageDeps } from './page-deps.ts';
import { countOf } from './wording.ts';

const perSection = 3;
const onTop = 4;
const ranked = 6;

/** The front page: a lead story, what else is new, what is read most, and the latest of each section. */
export function homePage({ art, cmt, hit, show }: PageDeps): Router {
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

  /** Beside the lead: what is read most today, else ever, else (on a new site) what else there is. */
  async function aside(day: HitRec[], newer: ArtHdr[]) {
    const cards = (hits: HitRec[]) => hits.map(({ hdr }) => cardOf(hdr));
    if (day.length > 0) return { heading: 'Most read today', ranked: true, cards: cards(day) };
    const ever = await hit.topArt('all', ranked);
    if (ever.length > 0) return { heading: 'Most read', ranked: true, cards: cards(ever) };
    return { heading: 'More to read', ranked: false, cards: newer.map((hdr) => cardOf(hdr)) };
  }

  router.get('/', async (req, res) => {
    const [newest, day, topics, all] = await Promise.all([
      art.lstArt({}, onTop + ranked, null),
      hit.topArt('day', ranked),
      art.lstTop(14),
      art.lstSect(),
    ]);
    const top = given(newest).itms.slice(0, onTop);
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
      aside: await aside(day, given(newest).itms.slice(onTop)),
      topics: topics.map(({ topNm }) => ({ name: topNm, url: links.topic(topNm) })),
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
    const counted = (hits: HitRec[]) =>
      hits.map(({ hdr, cnt }) => ({ ...cardOf(hdr), comments: countOf(cnt, 'view', 'views') }));
    await show.page(req, res, head, '/most-read', { day: counted(day), ever: counted(ever) });
  });

  return router;
}
