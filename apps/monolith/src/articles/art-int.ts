import type { Fault } from '@newscience/service-kit/problem';
import type { Result } from '@newscience/service-kit/result';

/** D draft, E embargoed, P published, W withdrawn. */
export type ArtSts = 'D' | 'E' | 'P' | 'W';

/** A whole article; all times have milliseconds. */
export type ArtRec = {
  artId: number;
  artRef: string;
  ttl: string;
  kick: string | null;
  smry: string | null;
  bdy: string;
  sectCd: string;
  sectNm: string;
  sts: ArtSts;
  embTs: Date | null;
  pubTs: Date | null;
  wdrTs: Date | null;
  crtTs: Date;
  updTs: Date;
  rev: number;
  ownUsrId: number | null;
  typ: string | null;
  bdyKnd: string | null;
  srcNm: string | null;
  srcUrl: string | null;
  licNm: string | null;
  licUrl: string | null;
  kwd: string[];
  auts: string[];
  tops: string[];
  rels: string[];
};

/** What lists carry. */
export type ArtHdr = Omit<ArtRec, 'bdy' | 'rels' | 'kwd'>;

/** Conditions of a list, all of which must hold. `sts` defaults to `['P']`. */
export type ArtFlt = {
  sectCd?: string;
  topNm?: string;
  autNm?: string;
  ownUsrId?: number;
  sts?: ArtSts[];
};

/** `nxt` is the cursor of the next page, null on the last. */
export type ArtPg = { itms: ArtHdr[]; nxt: string | null };

/**
 * The content of an article, replaced as a whole. Absent and null both mean "none". Text is trimmed, line
 * ends become LF, repeated names are dropped; a draft may lack body and authors.
 */
export type ArtPut = {
  /** Only at creation; made from the title when absent. */
  artRef?: string;
  ttl: string;
  kick?: string | null;
  smry?: string | null;
  bdy: string;
  sectCd: string;
  auts: string[];
  tops: string[];
  rels?: string[];
  kwd?: string[];
  typ?: string | null;
  bdyKnd?: string | null;
  srcNm?: string | null;
  srcUrl?: string | null;
  licNm?: string | null;
  licUrl?: string | null;
};

/** `faults` (pointers as `/ttl`, `/auts/0`) with `validation_failed` and `article_incomplete`. */
export type ArtErr = {
  code:
    | 'validation_failed'
    | 'cursor_invalid'
    | 'article_not_found'
    | 'article_id_taken'
    | 'article_section_unknown'
    | 'article_revision_conflict'
    | 'article_state_conflict'
    | 'article_incomplete'
    | 'article_embargo_past';
  detail: string;
  faults?: Fault[];
};

/** What an import of one article did. */
export type ArtImp = { outcome: 'created' | 'updated' | 'unchanged'; rec: ArtRec };

/** An author's published work; `tops` most frequent first, at most 10. */
export type AutSum = {
  autNm: string;
  cnt: number;
  fstTs: Date;
  lstTs: Date;
  tops: { topNm: string; cnt: number }[];
};

export type SectRec = { sectCd: string; sectNm: string; cnt: number };
export type TopRec = { topNm: string; cnt: number };

/**
 * The one way to articles for the other modules. It knows no viewer: who may see or do what is decided by
 * the caller with `art-rgt.ts`. Every write is one transaction and counts the revision up; a write that
 * names an older revision gets `article_revision_conflict`.
 */
export interface ArtInt {
  /** In any status. */
  getArt(artRef: string): Promise<ArtRec | null>;
  /** In any status. */
  getArtById(artId: number): Promise<ArtRec | null>;
  /** In any status, without the body. */
  getHdr(artRef: string): Promise<ArtHdr | null>;
  /** In any status, in the order asked for; unknown ones are left out. */
  getHdrs(artIds: number[]): Promise<ArtHdr[]>;
  /** As `getHdrs`, by public id. */
  getHdrsByRef(artRefs: string[]): Promise<ArtHdr[]>;
  /** Newest first by publication (unpublished ones by creation), `lim` 1 to 100. */
  lstArt(flt: ArtFlt, lim: number, cur: string | null): Promise<Result<ArtPg, ArtErr>>;
  /** Published after `frm` and not after `til` in one of the sections or on one of the topics, newest first. */
  lstNew(sectCds: string[], topNms: string[], frm: Date, til: Date, lim: number): Promise<ArtHdr[]>;
  /** A new draft. */
  crtArt(put: ArtPut, usrId: number | null): Promise<Result<ArtRec, ArtErr>>;
  /** Replaces the content in any status but withdrawn; `put.artRef` is ignored. */
  updArt(artRef: string, put: ArtPut, rev: number): Promise<Result<ArtRec, ArtErr>>;
  /** D or E to P; W to P again (keeps its first date). `pubTs` defaults to now and may not be in the future. */
  pubArt(artRef: string, rev: number, pubTs?: Date): Promise<Result<ArtRec, ArtErr>>;
  /** D to E, or another date for E; `embTs` must be in the future. */
  schArt(artRef: string, rev: number, embTs: Date): Promise<Result<ArtRec, ArtErr>>;
  /** P or E to W. */
  wdrArt(artRef: string, rev: number): Promise<Result<ArtRec, ArtErr>>;
  /**
   * One line of an import in one transaction: creates the article as published at `pubTs`, or brings the
   * one with this `artRef` up to date, or changes nothing. Never changes a status: a draft or embargoed
   * article of this id is a state conflict, a withdrawn one stays withdrawn.
   */
  impArt(put: ArtPut & { artRef: string }, pubTs: Date): Promise<Result<ArtImp, ArtErr>>;
  /** All sections by name, with the number of published articles. */
  lstSect(): Promise<SectRec[]>;
  /** Topics of published articles, most frequent first. */
  lstTop(lim: number): Promise<TopRec[]>;
  /** Whether a published article has the topic. */
  hasTop(topNm: string): Promise<boolean>;
  /** Null for a name without a published article. */
  getAut(autNm: string): Promise<AutSum | null>;
  /** The code of the section with this name, which is made when missing. */
  ensSect(sectNm: string): Promise<string>;
}
