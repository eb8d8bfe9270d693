import type { Pool } from 'pg';
import { maskMail } from '../subscriptions/domain/mask-mail.ts';
import type { DgstDay, DgstFlt } from './dgst-int.ts';
import type { Followed } from './domain/digest.ts';

/** A row that this instance works on: only the holder of `tok` may change it. */
export type Claim = { usrId: number; dy: string; tok: string; att: number; til: Date };

export type Subscriber = { usrRef: string; eml: string; nm: string; unsTok: string };

/** Makes the day's rows for all who follow something and want mails. Rows that are there stay as they are. */
export async function enrol(pool: Pool, dy: string, til: Date, now: Date): Promise<void> {
  await pool.query(
    `insert into dgst_snt (usr_id, dy, til_ts, nxt_ts)
     select c.usr_id, $1::date, $2, $3 from dgst_cfg c join usr u on u.usr_id = c.usr_id
     where c.act and u.sts = 'A'
       and exists (select 1 from sub_itm i where i.usr_id = c.usr_id and i.crt_ts < $2)
     on conflict (usr_id, dy) do nothing`,
    [dy, til, now],
  );
}

/**
 * Closes what earlier days left open (their articles go into today's mail), and mails that were handed over
 * by an instance that died: without a confirmation they may have arrived.
 * A mail whose sender died again and again is given up after as many `attempts` as any other.
 * @param mayRepeat whether handing over the same mail twice has no effect
 */
export async function settleLeftovers(
  pool: Pool,
  dy: string,
  staleBefore: Date,
  mayRepeat: boolean,
  attempts: number,
): Promise<void> {
  if (!mayRepeat) {
    await pool.query(
      `update dgst_snt set sts = 'U', clm_tok = null, err = 'handed over, then the sender died' where sts = 'T' and clm_ts < $1`,
      [staleBefore],
    );
  }
  await pool.query(
    `update dgst_snt set sts = 'F', clm_tok = null, err = coalesce(err, 'not sent on its day')
     where dy < $1::date and (sts = 'P' or (sts in ('C', 'T') and clm_ts < $2))`,
    [dy, staleBefore],
  );
  await pool.query(
    `update dgst_snt set sts = 'F', clm_tok = null, err = coalesce(err, 'the sender died each time')
     where sts in ('C', 'T') and clm_ts < $1 and att >= $2`,
    [staleBefore, attempts],
  );
}

/** One row of the day that is due, or null when there is none. Instances that ask at once get different ones. */
export async function claimNext(
  pool: Pool,
  dy: string,
  tok: string,
  now: Date,
  staleBefore: Date,
): Promise<Claim | null> {
  const { rows } = await pool.query<{ usr_id: number; att: number; til_ts: Date }>(
    `update dgst_snt set sts = 'C', clm_tok = $2, clm_ts = $3, att = att + 1
     where (usr_id, dy) = (
       select usr_id, dy from dgst_snt
       where dy = $1::date and ((sts = 'P' and nxt_ts <= $3) or (sts in ('C', 'T') and clm_ts < $4))
       order by usr_id limit 1 for update skip locked)
     returning usr_id, att, til_ts`,
    [dy, tok, now, staleBefore],
  );
  const row = rows[0];
  return row ? { usrId: row.usr_id, dy, tok, att: row.att, til: row.til_ts } : null;
}

/** Null when the user left or switched the mails off since the row was made. */
export async function selectSubscriber(pool: Pool, usrId: number): Promise<Subscriber | null> {
  const { rows } = await pool.query<{ usr_ref: string; eml: string; nm: string; uns_tok: string }>(
    `select u.usr_ref, u.eml, u.nm, c.uns_tok from usr u join dgst_cfg c on c.usr_id = u.usr_id
     where u.usr_id = $1 and u.sts = 'A' and c.act`,
    [usrId],
  );
  const row = rows[0];
  return row ? { usrRef: row.usr_ref, eml: row.eml, nm: row.nm, unsTok: row.uns_tok } : null;
}

export async function selectFollowed(pool: Pool, usrId: number): Promise<Followed[]> {
  const { rows } = await pool.query<{ knd: 'T' | 'S'; val: string; crt_ts: Date }>(
    'select knd, val, crt_ts from sub_itm where usr_id = $1',
    [usrId],
  );
  return rows.map((row) => ({ knd: row.knd, val: row.val, since: row.crt_ts }));
}

/** Up to when the last finished digest looked, null before the first. */
export async function selectLast(pool: Pool, usrId: number): Promise<Date | null> {
  const { rows } = await pool.query<{ til_ts: Date | null }>(
    `select max(til_ts) as til_ts from dgst_snt where usr_id = $1 and sts in ('S', 'N')`,
    [usrId],
  );
  return rows[0]?.til_ts ?? null;
}

/** Articles that digests which looked beyond `from` have named. */
export async function selectNamed(pool: Pool, usrId: number, from: Date): Promise<Set<number>> {
  const { rows } = await pool.query<{ art_id: number }>(
    `select distinct unnest(art_ids) as art_id from dgst_snt where usr_id = $1 and sts = 'S' and til_ts > $2`,
    [usrId, from],
  );
  return new Set(rows.map((row) => row.art_id));
}

/** Ends a row, or moves it on, if it still is the claimant's. False when somebody else took it over. */
async function move(
  pool: Pool,
  claim: Claim,
  from: string,
  set: string,
  values: unknown[],
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update dgst_snt set ${set} where usr_id = $1 and dy = $2::date and clm_tok = $3 and sts = '${from}'`,
    [claim.usrId, claim.dy, claim.tok, ...values],
  );
  return rowCount === 1;
}

export const markNothing = (pool: Pool, claim: Claim) =>
  move(pool, claim, 'C', `sts = 'N', clm_tok = null`, []);

/** From here on nobody else sends this mail. */
export const markHandedOver = (pool: Pool, claim: Claim, artIds: number[], now: Date) =>
  move(pool, claim, 'C', `sts = 'T', art_ids = $4, clm_ts = $5`, [artIds, now]);

export const markSent = (pool: Pool, claim: Claim, now: Date) =>
  move(pool, claim, 'T', `sts = 'S', clm_tok = null, snt_ts = $4, err = null`, [now]);

export const markUnknown = (pool: Pool, claim: Claim, why: string) =>
  move(pool, claim, 'T', `sts = 'U', clm_tok = null, err = $4`, [why]);

/** `nxt` null gives the mail up. */
export const markFailed = (
  pool: Pool,
  claim: Claim,
  from: 'C' | 'T',
  why: string,
  nxt: Date | null,
) =>
  move(pool, claim, from, `sts = $4, nxt_ts = coalesce($5, nxt_ts), clm_tok = null, err = $6`, [
    nxt === null ? 'F' : 'P',
    nxt,
    why,
  ]);

export async function selectDays(pool: Pool, lim: number): Promise<DgstDay[]> {
  const { rows } = await pool.query<DgstDay>(
    `select dy::text as dy,
       count(*) filter (where sts in ('P', 'C', 'T'))::int as opn, count(*) filter (where sts = 'S')::int as snt,
       count(*) filter (where sts = 'N')::int as non, count(*) filter (where sts = 'F')::int as fld,
       count(*) filter (where sts = 'U')::int as unk
     from dgst_snt group by dy order by dy desc limit $1`,
    [lim],
  );
  return rows;
}

export async function selectFaults(pool: Pool, lim: number): Promise<DgstFlt[]> {
  const { rows } = await pool.query<{
    dy: string;
    usr_ref: string;
    eml: string;
    sts: 'P' | 'F' | 'U';
    att: number;
    nxt_ts: Date;
    err: string | null;
  }>(
    `select d.dy::text as dy, u.usr_ref, u.eml, d.sts, d.att, d.nxt_ts, d.err
     from dgst_snt d join usr u on u.usr_id = d.usr_id
     where d.sts in ('F', 'U') or (d.sts = 'P' and d.att > 0)
     order by d.dy desc, d.usr_id limit $1`,
    [lim],
  );
  return rows.map((row) => ({
    dy: row.dy,
    usrRef: row.usr_ref,
    emlMsk: maskMail(row.eml),
    sts: row.sts,
    att: row.att,
    nxtTs: row.sts === 'P' ? row.nxt_ts : null,
    err: row.err ?? '',
  }));
}
