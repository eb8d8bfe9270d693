import { randomBytes } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import type { SubKnd } from './sub-int.ts';

type Db = Pool | PoolClient;

export type Item = { knd: SubKnd; val: string; crtTs: Date };

export async function selectItems(db: Db, usrId: number): Promise<Item[]> {
  const { rows } = await db.query<{ knd: SubKnd; val: string; crt_ts: Date }>(
    'select knd, val, crt_ts from sub_itm where usr_id = $1 order by knd, val',
    [usrId],
  );
  return rows.map((row) => ({ knd: row.knd, val: row.val, crtTs: row.crt_ts }));
}

/** Makes the user's settings where missing, and keeps their row for the rest of the transaction. */
export async function lockSettings(client: PoolClient, usrId: number, now: Date): Promise<void> {
  await client.query(
    'insert into dgst_cfg (usr_id, uns_tok, crt_ts, upd_ts) values ($1, $2, $3, $3) on conflict (usr_id) do nothing',
    [usrId, randomBytes(24).toString('base64url'), now],
  );
  await client.query('select 1 from dgst_cfg where usr_id = $1 for update', [usrId]);
}

export async function setActive(db: Db, usrId: number, act: boolean, now: Date): Promise<void> {
  await db.query('update dgst_cfg set act = $2, upd_ts = $3 where usr_id = $1 and act <> $2', [
    usrId,
    act,
    now,
  ]);
}

export async function selectActive(db: Db, usrId: number): Promise<boolean> {
  const { rows } = await db.query<{ act: boolean }>('select act from dgst_cfg where usr_id = $1', [
    usrId,
  ]);
  return rows[0]?.act ?? true;
}

/** False when the user followed it already. */
export async function insertItem(
  db: Db,
  usrId: number,
  knd: SubKnd,
  val: string,
  now: Date,
): Promise<boolean> {
  const { rowCount } = await db.query(
    'insert into sub_itm (usr_id, knd, val, crt_ts) values ($1, $2, $3, $4) on conflict do nothing',
    [usrId, knd, val, now],
  );
  return rowCount === 1;
}

export async function deleteItem(
  db: Db,
  usrId: number,
  knd: SubKnd,
  val: string,
): Promise<boolean> {
  const { rowCount } = await db.query(
    'delete from sub_itm where usr_id = $1 and knd = $2 and val = $3',
    [usrId, knd, val],
  );
  return rowCount === 1;
}

export type Addressee = { usrId: number; eml: string; act: boolean };

export async function selectByToken(db: Db, tok: string): Promise<Addressee | null> {
  const { rows } = await db.query<{ usr_id: number; eml: string; act: boolean }>(
    'select c.usr_id, u.eml, c.act from dgst_cfg c join usr u on u.usr_id = c.usr_id where c.uns_tok = $1',
    [tok],
  );
  const row = rows[0];
  return row ? { usrId: row.usr_id, eml: row.eml, act: row.act } : null;
}
