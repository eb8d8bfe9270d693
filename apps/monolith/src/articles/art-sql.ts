import type { Pool, PoolClient } from 'pg';
import type { ArtFlt, ArtHdr, ArtRec, AutSum, SectRec, TopRec } from './art-int.ts';
import type { HdrRow, RecRow } from './art-row.ts';
import { hdrColumns, hdrOf, recColumns, recOf } from './art-row.ts';

type Db = Pool | PoolClient;

/** Where a list goes on: after the article with this time (ms since 1970) and id. */
export type Place = { ms: number; artId: number };

const from = 'from art a join sect s on s.sect_cd = a.sect_cd';

async function readRecs(db: Db, where: string, params: unknown[]): Promise<ArtRec[]> {
  const { rows } = await db.query<RecRow>(`select ${recColumns} ${from} where ${where}`, params);
  return rows.map(recOf);
}

async function readHdrs(db: Db, where: string, params: unknown[]): Promise<ArtHdr[]> {
  const { rows } = await db.query<HdrRow>(`select ${hdrColumns} ${from} where ${where}`, params);
  return rows.map(hdrOf);
}

export async function selectByRef(db: Db, artRef: string): Promise<ArtRec | null> {
  return (await readRecs(db, 'a.art_ref = $1', [artRef]))[0] ?? null;
}

export async function selectById(db: Db, artId: number): Promise<ArtRec | null> {
  return (await readRecs(db, 'a.art_id = $1', [artId]))[0] ?? null;
}

export function selectHdrs(db: Db, artIds: number[]): Promise<ArtHdr[]> {
  return readHdrs(db, 'a.art_id = any($1::int[]) order by array_position($1::int[], a.art_id)', [
    artIds,
  ]);
}

export function selectHdrsByRef(db: Db, artRefs: string[]): Promise<ArtHdr[]> {
  return readHdrs(
    db,
    'a.art_ref = any($1::text[]) order by array_position($1::text[], a.art_ref)',
    [artRefs],
  );
}

function conditions(flt: ArtFlt, place: Place | null): { where: string; params: unknown[] } {
  const params: unknown[] = [];
  const value = (given: unknown) => `$${params.push(given)}`;
  const parts: string[] = [];
  const sts = flt.sts ?? ['P'];
  // One status stands in the text of the query: only so the partial indexes are used.
  if (sts.length === 1 && sts[0] === 'P') parts.push(`a.sts = 'P'`);
  else parts.push(`a.sts = any(${value(sts)}::char[])`);
  if (flt.sectCd !== undefined) parts.push(`a.sect_cd = ${value(flt.sectCd)}`);
  if (flt.ownUsrId !== undefined) parts.push(`a.own_usr_id = ${value(flt.ownUsrId)}`);
  if (flt.topNm !== undefined)
    parts.push(`a.art_id in (select art_id from art_top where top_nm = ${value(flt.topNm)})`);
  if (flt.autNm !== undefined)
    parts.push(`a.art_id in (select art_id from art_aut where aut_nm = ${value(flt.autNm)})`);
  if (place) {
    const after = `(${value(new Date(place.ms))}::timestamptz, ${value(place.artId)}::int)`;
    parts.push(`(coalesce(a.pub_ts, a.crt_ts), a.art_id) < ${after}`);
  }
  return { where: parts.join(' and '), params };
}

/** Newest first; at most `lim` after `place`. */
export async function selectList(
  db: Db,
  flt: ArtFlt,
  lim: number,
  place: Place | null,
): Promise<ArtHdr[]> {
  const { where, params } = conditions(flt, place);
  const order = 'order by coalesce(a.pub_ts, a.crt_ts) desc, a.art_id desc';
  const { rows } = await db.query<HdrRow>(
    `select ${hdrColumns} from (select * from art a where ${where} ${order} limit $${params.length + 1}) a
     join sect s on s.sect_cd = a.sect_cd ${order}`,
    [...params, lim],
  );
  return rows.map(hdrOf);
}

export function selectNew(
  db: Db,
  sectCds: string[],
  topNms: string[],
  frm: Date,
  til: Date,
  lim: number,
): Promise<ArtHdr[]> {
  const where = `a.sts = 'P' and coalesce(a.pub_ts, a.crt_ts) > $1 and coalesce(a.pub_ts, a.crt_ts) <= $2
    and (a.sect_cd = any($3::text[]) or exists (
      select 1 from art_top x where x.art_id = a.art_id and x.top_nm = any($4::text[])))
    order by coalesce(a.pub_ts, a.crt_ts) desc, a.art_id desc limit $5`;
  return readHdrs(db, where, [frm, til, sectCds, topNms, lim]);
}

export async function selectSections(db: Db): Promise<SectRec[]> {
  const { rows } = await db.query<{ sect_cd: string; sect_nm: string; cnt: number }>(
    `select s.sect_cd, s.sect_nm, count(a.art_id)::int as cnt
     from sect s left join art a on a.sect_cd = s.sect_cd and a.sts = 'P'
     group by s.sect_cd order by s.sect_nm`,
  );
  return rows.map((row) => ({ sectCd: row.sect_cd, sectNm: row.sect_nm, cnt: row.cnt }));
}

type TopRow = { top_nm: string; cnt: number };
const topOf = (row: TopRow): TopRec => ({ topNm: row.top_nm, cnt: row.cnt });

export async function selectTopics(db: Db, lim: number): Promise<TopRec[]> {
  const { rows } = await db.query<TopRow>(
    `select t.top_nm, count(*)::int as cnt from art_top t join art a on a.art_id = t.art_id
     where a.sts = 'P' group by t.top_nm order by cnt desc, t.top_nm limit $1`,
    [lim],
  );
  return rows.map(topOf);
}

export async function topicExists(db: Db, topNm: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `select 1 from art_top t join art a on a.art_id = t.art_id where t.top_nm = $1 and a.sts = 'P' limit 1`,
    [topNm],
  );
  return rowCount === 1;
}

export async function selectAuthor(db: Db, autNm: string): Promise<AutSum | null> {
  const theirs = `select a.art_id, a.pub_ts from art a
    where a.sts = 'P' and a.art_id in (select art_id from art_aut where aut_nm = $1)`;
  const { rows } = await db.query<{ cnt: number; fst_ts: Date | null; lst_ts: Date | null }>(
    `select count(*)::int as cnt, min(pub_ts) as fst_ts, max(pub_ts) as lst_ts from (${theirs}) t`,
    [autNm],
  );
  const sum = rows[0];
  if (!sum?.fst_ts || !sum.lst_ts) return null;
  const tops = await db.query<TopRow>(
    `select x.top_nm, count(*)::int as cnt from art_top x join (${theirs}) t on t.art_id = x.art_id
     group by x.top_nm order by cnt desc, x.top_nm limit 10`,
    [autNm],
  );
  return { autNm, cnt: sum.cnt, fstTs: sum.fst_ts, lstTs: sum.lst_ts, tops: tops.rows.map(topOf) };
}
