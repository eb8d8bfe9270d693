import type { Pool, PoolClient } from 'pg';
import type { CmtRec, CmtSts } from './cmt-int.ts';

type Db = Pool | PoolClient;

type CmtRow = {
  cmt_id: number;
  cmt_ref: string;
  art_id: number;
  usr_ref: string | null;
  nm: string | null;
  par_id: number | null;
  par_ref: string | null;
  txt: string;
  sts: CmtSts;
  crt_ts: Date;
};

/** Where a page goes on: after this comment of this thread. */
export type Place = { topId: number; cmtId: number };

const columns = `c.cmt_id, c.cmt_ref, c.art_id, u.usr_ref, u.nm, c.par_id, p.cmt_ref as par_ref, c.txt, c.sts, c.crt_ts`;
const from =
  'from cmt c left join usr u on u.usr_id = c.usr_id left join cmt p on p.cmt_id = c.par_id';

function cmtOf(row: CmtRow, hidTxt: boolean): CmtRec {
  return {
    cmtId: row.cmt_id,
    cmtRef: row.cmt_ref,
    artId: row.art_id,
    usrRef: row.usr_ref,
    nm: row.nm ?? 'deleted user',
    parRef: row.par_ref,
    txt: row.sts === 'V' || hidTxt ? row.txt : '',
    sts: row.sts,
    crtTs: row.crt_ts,
  };
}

/** In the order of the discussion, each with the place after it. */
export async function selectPage(
  db: Db,
  artId: number,
  lim: number,
  place: Place | null,
  hidTxt: boolean,
): Promise<{ rec: CmtRec; place: Place }[]> {
  const { rows } = await db.query<CmtRow>(
    `select ${columns} ${from}
     where c.art_id = $1 and (coalesce(c.par_id, c.cmt_id), c.cmt_id) > ($2::int, $3::int)
       and (c.sts = 'V' or ($4 and c.sts = 'H') or exists (
         select 1 from cmt r where r.par_id = c.cmt_id and (r.sts = 'V' or ($4 and r.sts = 'H'))))
     order by coalesce(c.par_id, c.cmt_id), c.cmt_id limit $5`,
    [artId, place?.topId ?? 0, place?.cmtId ?? 0, hidTxt, lim],
  );
  return rows.map((row) => ({
    rec: cmtOf(row, hidTxt),
    place: { topId: row.par_id ?? row.cmt_id, cmtId: row.cmt_id },
  }));
}

export async function countVisible(db: Db, artIds: number[]): Promise<Map<number, number>> {
  const { rows } = await db.query<{ art_id: number; cnt: number }>(
    `select art_id, count(*)::int as cnt from cmt where art_id = any($1::int[]) and sts = 'V' group by art_id`,
    [artIds],
  );
  const counts = new Map(artIds.map((artId) => [artId, 0]));
  for (const row of rows) counts.set(row.art_id, row.cnt);
  return counts;
}

export async function selectOne(db: Db, cmtId: number): Promise<CmtRec | null> {
  const { rows } = await db.query<CmtRow>(`select ${columns} ${from} where c.cmt_id = $1`, [cmtId]);
  return rows[0] ? cmtOf(rows[0], true) : null;
}

export type Held = {
  cmtId: number;
  artId: number;
  usrId: number | null;
  parId: number | null;
  sts: CmtSts;
};

/**
 * A comment whose row stays as it is until the transaction ends. `answer` lets others answer it at the
 * same time and keeps it from being deleted; `change` keeps everybody else away.
 */
export async function lockCmt(
  client: PoolClient,
  cmtRef: string,
  to: 'answer' | 'change',
): Promise<Held | null> {
  const lock = to === 'answer' ? 'for share' : 'for update';
  const { rows } = await client.query<{
    cmt_id: number;
    art_id: number;
    usr_id: number | null;
    par_id: number | null;
    sts: CmtSts;
  }>(`select cmt_id, art_id, usr_id, par_id, sts from cmt where cmt_ref = $1 ${lock}`, [cmtRef]);
  const row = rows[0];
  if (!row) return null;
  return {
    cmtId: row.cmt_id,
    artId: row.art_id,
    usrId: row.usr_id,
    parId: row.par_id,
    sts: row.sts,
  };
}

/**
 * Takes one of `most` turns that a user has in any `windowMs`.
 * @returns milliseconds to wait when all are taken, else 0
 */
export async function takeTurn(
  client: PoolClient,
  usrId: number,
  now: Date,
  most: number,
  windowMs: number,
): Promise<number> {
  const since = new Date(now.getTime() - windowMs);
  const taken = await client.query(
    `insert into cmt_rte as r (usr_id, tss) values ($1, array[$2::timestamptz])
     on conflict (usr_id) do update
       set tss = array(select t from unnest(r.tss) t where t > $3::timestamptz order by t) || $2::timestamptz
       where (select count(*) from unnest(r.tss) t where t > $3::timestamptz) < $4
     returning 1`,
    [usrId, now, since, most],
  );
  if (taken.rowCount === 1) return 0;
  const { rows } = await client.query<{ oldest: Date | null }>(
    'select min(t) as oldest from cmt_rte r, unnest(r.tss) t where r.usr_id = $1 and t > $2',
    [usrId, since],
  );
  return Math.max(1, (rows[0]?.oldest ?? now).getTime() - since.getTime());
}

export async function insertCmt(
  client: PoolClient,
  cmt: { artId: number; usrId: number; parId: number | null; txt: string; now: Date },
): Promise<number> {
  const { rows } = await client.query<{ cmt_id: number }>(
    'insert into cmt (art_id, usr_id, par_id, txt, crt_ts) values ($1, $2, $3, $4, $5) returning cmt_id',
    [cmt.artId, cmt.usrId, cmt.parId, cmt.txt, cmt.now],
  );
  return rows[0]?.cmt_id ?? 0;
}

/** Removes a comment that the transaction has locked; with replies only its text and its writer. */
export async function eraseCmt(client: PoolClient, held: Held): Promise<void> {
  const replies = await client.query('select 1 from cmt where par_id = $1 limit 1', [held.cmtId]);
  if (replies.rowCount === 1) {
    await client.query(
      `update cmt set sts = 'X', txt = '', usr_id = null, hid_usr_id = null where cmt_id = $1`,
      [held.cmtId],
    );
    await client.query('delete from cmt_rpt where cmt_id = $1', [held.cmtId]);
    return;
  }
  await client.query('delete from cmt where cmt_id = $1', [held.cmtId]);
  if (held.parId === null) return;
  // A placeholder goes with the last of its replies.
  await client.query('select 1 from cmt where cmt_id = $1 for update', [held.parId]);
  await client.query(
    `delete from cmt c where c.cmt_id = $1 and c.sts = 'X' and not exists (select 1 from cmt r where r.par_id = c.cmt_id)`,
    [held.parId],
  );
}

export async function insertReport(
  db: Db,
  cmtId: number,
  usrId: number,
  rsn: string,
  now: Date,
): Promise<boolean> {
  const { rowCount } = await db.query(
    'insert into cmt_rpt (cmt_id, usr_id, rsn, crt_ts) values ($1, $2, $3, $4) on conflict do nothing',
    [cmtId, usrId, rsn, now],
  );
  return rowCount === 1;
}

export async function setHidden(
  client: PoolClient,
  cmtId: number,
  byUsrId: number | null,
  now: Date,
): Promise<void> {
  await client.query('update cmt set sts = $2, hid_usr_id = $3 where cmt_id = $1', [
    cmtId,
    byUsrId === null ? 'V' : 'H',
    byUsrId,
  ]);
  await client.query('update cmt_rpt set clr_ts = $2 where cmt_id = $1 and clr_ts is null', [
    cmtId,
    now,
  ]);
}

export type Reported = { cmt: CmtRec; cnt: number; rsns: string[]; lstTs: Date };

export async function selectReported(db: Db, lim: number): Promise<Reported[]> {
  const { rows } = await db.query<CmtRow & { cnt: number; rsns: string[]; lst_ts: Date }>(
    `select ${columns}, r.cnt, r.rsns, r.lst_ts ${from} join (
       select cmt_id, count(*)::int as cnt, (array_agg(rsn order by crt_ts))[1:20] as rsns, max(crt_ts) as lst_ts
       from cmt_rpt where clr_ts is null group by cmt_id
     ) r on r.cmt_id = c.cmt_id
     order by r.cnt desc, r.lst_ts desc, c.cmt_id limit $1`,
    [lim],
  );
  return rows.map((row) => ({
    cmt: cmtOf(row, true),
    cnt: row.cnt,
    rsns: row.rsns,
    lstTs: row.lst_ts,
  }));
}
