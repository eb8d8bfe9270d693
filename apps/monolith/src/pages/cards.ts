import type { ArtHdr } from '../articles/art-int.ts';
import { links } from './links.ts';
import { toneOf } from './motif/section-motifs.ts';
import { countOf, dayOf, namesOf } from './wording.ts';

/** An article in a list, as a template shows it. */
export type Card = {
  url: string;
  title: string;
  /** Titles of papers can be very long; they get smaller letters. */
  long: boolean;
  kicker: string | null;
  summary: string | null;
  section: { name: string; url: string; tone: string };
  byline: string;
  day: string;
  iso: string;
  picture: string;
  comments: string | null;
};

/** A published article for a list; `cmtCnt` its visible comments, not shown when there are none. */
export function cardOf(hdr: ArtHdr, cmtCnt = 0): Card {
  const date = hdr.pubTs ?? hdr.crtTs;
  return {
    url: links.article(hdr.artRef),
    title: hdr.ttl,
    long: hdr.ttl.length > 80,
    kicker: hdr.kick,
    summary: hdr.smry,
    section: { name: hdr.sectNm, url: links.section(hdr.sectCd), tone: toneOf(hdr.sectCd) },
    byline: namesOf(hdr.auts),
    day: dayOf(date),
    iso: date.toISOString(),
    picture: links.picture(hdr.sectCd, hdr.artRef),
    comments: cmtCnt === 0 ? null : countOf(cmtCnt, 'comment', 'comments'),
  };
}
