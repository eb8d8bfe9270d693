import type { ArtHdr, ArtRec, ArtSts } from './art-int.ts';
import { keywordSeparator } from './domain/text.ts';

/** An article's row without its body, with what belongs to it from the other tables. */
export type HdrRow = {
  art_id: number;
  art_ref: string;
  ttl: string;
  kick: string | null;
  smry: string | null;
  sect_cd: string;
  sect_nm: string;
  sts: ArtSts;
  emb_ts: Date | null;
  pub_ts: Date | null;
  wdr_ts: Date | null;
  crt_ts: Date;
  upd_ts: Date;
  rev: number;
  own_usr_id: number | null;
  typ: string | null;
  bdy_knd: string | null;
  src_nm: string | null;
  src_url: string | null;
  lic_nm: string | null;
  lic_url: string | null;
  auts: string[];
  tops: string[];
};

export type RecRow = HdrRow & { bdy: string; kwd: string; rels: string[] };

/** The columns of `HdrRow`, for a query over `art a join sect s`. */
export const hdrColumns = `a.art_id, a.art_ref, a.ttl, a.kick, a.smry, a.sect_cd, s.sect_nm, a.sts,
  a.emb_ts, a.pub_ts, a.wdr_ts, a.crt_ts, a.upd_ts, a.rev, a.own_usr_id, a.typ, a.bdy_knd,
  a.src_nm, a.src_url, a.lic_nm, a.lic_url,
  array(select x.aut_nm from art_aut x where x.art_id = a.art_id order by x.seq) as auts,
  array(select x.top_nm from art_top x where x.art_id = a.art_id order by x.seq) as tops`;

/** The columns of `RecRow`. */
export const recColumns = `${hdrColumns}, a.bdy, a.kwd,
  array(select x.rel_ref from art_rel x where x.art_id = a.art_id order by x.seq) as rels`;

export function hdrOf(row: HdrRow): ArtHdr {
  return {
    artId: row.art_id,
    artRef: row.art_ref,
    ttl: row.ttl,
    kick: row.kick,
    smry: row.smry,
    sectCd: row.sect_cd,
    sectNm: row.sect_nm,
    sts: row.sts,
    embTs: row.emb_ts,
    pubTs: row.pub_ts,
    wdrTs: row.wdr_ts,
    crtTs: row.crt_ts,
    updTs: row.upd_ts,
    rev: row.rev,
    ownUsrId: row.own_usr_id,
    typ: row.typ,
    bdyKnd: row.bdy_knd,
    srcNm: row.src_nm,
    srcUrl: row.src_url,
    licNm: row.lic_nm,
    licUrl: row.lic_url,
    auts: row.auts,
    tops: row.tops,
  };
}

export function recOf(row: RecRow): ArtRec {
  const kwd = row.kwd === '' ? [] : row.kwd.split(keywordSeparator);
  return { ...hdrOf(row), bdy: row.bdy, kwd, rels: row.rels };
}
