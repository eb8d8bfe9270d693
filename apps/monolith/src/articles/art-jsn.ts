import type { z } from 'zod';
import type { ArtHdr, ArtPut, ArtRec, ArtSts } from './art-int.ts';
import type { ArticleInput, articleItemSchema, articleSchema, statusSchema } from './schemas.ts';

type Status = z.output<typeof statusSchema>;
export type ArticleItem = z.output<typeof articleItemSchema>;
type ArticleJson = z.output<typeof articleSchema>;

const statuses = { D: 'draft', E: 'embargoed', P: 'published', W: 'withdrawn' } as const;
const letters: Record<Status, ArtSts> = {
  draft: 'D',
  embargoed: 'E',
  published: 'P',
  withdrawn: 'W',
};

export const statusOf = (sts: ArtSts): Status => statuses[sts];
export const stsOf = (status: Status): ArtSts => letters[status];

/** Path of an article's page. */
export const pathOf = (artRef: string): string => `/articles/${encodeURIComponent(artRef)}`;

const linked = (name: string | null, url: string | null) =>
  name === null && url === null ? null : { name, url };

/** A header as the API shows it. */
export function itemOf(hdr: ArtHdr, commentCount: number): ArticleItem {
  return {
    id: hdr.artRef,
    title: hdr.ttl,
    kicker: hdr.kick,
    summary: hdr.smry,
    section: { code: hdr.sectCd, name: hdr.sectNm },
    topics: hdr.tops,
    authors: hdr.auts,
    publishedAt: hdr.pubTs?.toISOString() ?? null,
    updatedAt: hdr.updTs.toISOString(),
    status: statusOf(hdr.sts),
    embargoUntil: hdr.sts === 'E' ? (hdr.embTs?.toISOString() ?? null) : null,
    revision: hdr.rev,
    type: hdr.typ,
    bodyKind: hdr.bdyKnd,
    source: linked(hdr.srcNm, hdr.srcUrl),
    licence: linked(hdr.licNm, hdr.licUrl),
    commentCount,
    url: pathOf(hdr.artRef),
  };
}

/** An article as the API shows it. */
export function articleJson(rec: ArtRec, commentCount: number): ArticleJson {
  return { ...itemOf(rec, commentCount), body: rec.bdy, keywords: rec.kwd, related: rec.rels };
}

/** What the API was sent, in the old shape. */
export function putOf(input: ArticleInput): ArtPut {
  return {
    ttl: input.title,
    kick: input.kicker ?? null,
    smry: input.summary ?? null,
    bdy: input.body,
    sectCd: input.section,
    auts: input.authors,
    tops: input.topics,
    rels: input.related,
    kwd: input.keywords,
    typ: input.type ?? null,
    bdyKnd: input.bodyKind ?? null,
    srcNm: input.source?.name ?? null,
    srcUrl: input.source?.url ?? null,
    licNm: input.licence?.name ?? null,
    licUrl: input.licence?.url ?? null,
  };
}

const pointers: Record<string, string> = {
  ttl: 'title',
  kick: 'kicker',
  smry: 'summary',
  bdy: 'body',
  sectCd: 'section',
  auts: 'authors',
  tops: 'topics',
  rels: 'related',
  kwd: 'keywords',
  typ: 'type',
  bdyKnd: 'bodyKind',
  srcNm: 'source/name',
  srcUrl: 'source/url',
  licNm: 'licence/name',
  licUrl: 'licence/url',
  embTs: 'embargoUntil',
};

/** `/auts/0` as `/body/authors/0`, the pointer that the API's client knows. */
export function pointerOf(pointer: string): string {
  return `/body${pointer.replace(/^\/(\w+)/, (whole, field: string) => `/${pointers[field] ?? whole.slice(1)}`)}`;
}
