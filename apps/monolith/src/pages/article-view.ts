import type { ArtHdr, ArtInt, ArtRec } from '../articles/art-int.ts';
import { mayEditArt } from '../articles/art-rgt.ts';
import type { Viewer } from '../viewer.ts';
import { cardOf } from './cards.ts';
import { given } from './given.ts';
import { links } from './links.ts';
import { toneOf } from './motif/section-motifs.ts';
import { blocksOf, minutesOf } from './paragraphs.ts';
import { dayOf, momentOf } from './wording.ts';

const relatedCount = 3;
/** Papers have hundreds of authors; the rest unfolds. */
const bylineCount = 8;

/** A link that leads to the web; anything else is shown as text. */
const webLink = (url: string | null) => (url !== null && /^https?:\/\//i.test(url) ? url : null);

/** The stories that the article names, filled up with the newest on its first topic and of its section. */
export async function relatedTo(art: ArtInt, rec: ArtRec): Promise<ArtHdr[]> {
  const found = new Map<number, ArtHdr>();
  const add = (hdrs: ArtHdr[]) => {
    for (const hdr of hdrs) {
      if (found.size < relatedCount && hdr.sts === 'P' && hdr.artId !== rec.artId)
        found.set(hdr.artId, hdr);
    }
  };
  add(await art.getHdrsByRef(rec.rels));
  const [topNm] = rec.tops;
  if (found.size < relatedCount && topNm !== undefined)
    add(given(await art.lstArt({ topNm }, relatedCount + 1, null)).itms);
  if (found.size < relatedCount)
    add(given(await art.lstArt({ sectCd: rec.sectCd }, 2 * relatedCount + 1, null)).itms);
  return [...found.values()];
}

/** What stands above an article that is not public. */
function notice(rec: ArtRec): string | null {
  switch (rec.sts) {
    case 'D':
      return 'This is a draft. Only its writer and editors can see it.';
    case 'E':
      return `This article is under embargo until ${rec.embTs ? momentOf(rec.embTs) : 'a later time'}. Only editors and its writer can see it.`;
    case 'W':
      return 'This article is withdrawn. Only editors and its writer can see it.';
    case 'P':
      return null;
  }
}

/** A change of wording on the first day is no news; a later one is. */
function updatedOn(rec: ArtRec): { day: string; iso: string } | null {
  if (rec.pubTs === null || rec.rev === 1 || rec.updTs <= rec.pubTs) return null;
  const day = dayOf(rec.updTs);
  return day === dayOf(rec.pubTs) ? null : { day, iso: rec.updTs.toISOString() };
}

/** An article as the template shows it. */
export function articleView(viewer: Viewer, rec: ArtRec, related: ArtHdr[]) {
  const date = rec.pubTs ?? rec.embTs ?? rec.crtTs;
  const authors = rec.auts.map((name) => ({ name, url: links.author(name) }));
  return {
    ref: rec.artRef,
    url: links.article(rec.artRef),
    title: rec.ttl,
    long: rec.ttl.length > 80,
    kicker: rec.kick,
    summary: rec.smry,
    type: rec.typ,
    section: { name: rec.sectNm, url: links.section(rec.sectCd), tone: toneOf(rec.sectCd) },
    authors: authors.slice(0, bylineCount),
    moreAuthors: authors.slice(bylineCount),
    day: dayOf(date),
    iso: date.toISOString(),
    updated: updatedOn(rec),
    minutes: minutesOf(rec.bdy),
    blocks: blocksOf(rec.bdy),
    excerpt: rec.bdyKnd !== null && rec.bdyKnd !== 'full text' ? rec.bdyKnd : null,
    picture: links.picture(rec.sectCd, rec.artRef),
    topics: rec.tops.map((name) => ({ name, url: links.topic(name) })),
    source:
      rec.srcNm === null && rec.srcUrl === null
        ? null
        : { name: rec.srcNm, url: webLink(rec.srcUrl) },
    licence:
      rec.licNm === null && rec.licUrl === null
        ? null
        : { name: rec.licNm, url: webLink(rec.licUrl) },
    related: related.map((hdr) => cardOf(hdr)),
    notice: notice(rec),
    desk: mayEditArt(viewer, rec) ? links.desk(rec.artRef) : null,
  };
}
