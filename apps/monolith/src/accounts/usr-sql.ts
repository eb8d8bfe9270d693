import type { Pool, PoolClient } from 'pg';
import type { UsrRol } from '../viewer.ts';
import type { UsrRec } from './acct-int.ts';

/** A user with what only accounts may see. */
export type UsrRow = UsrRec & { pwdHsh: string | null; tokVer: number };

type Db = Pool | PoolClient;

const columns = `usr_id AS "usrId", usr_ref AS "usrRef", eml, nm, rol, sts, crt_ts AS "crtTs",
  pwd_hsh AS "pwdHsh", tok_ver AS "tokVer"`;

/** The form in which two spellings of a mail address are the same account. */
export function emlKey(eml: string): string {
  return eml.normalize('NFKC').trim().toLowerCase();
}

/** The row without what only accounts may see. */
export function publicUsr({ usrId, usrRef, eml, nm, rol, sts, crtTs }: UsrRow): UsrRec {
  return { usrId, usrRef, eml, nm, rol, sts, crtTs };
}

async function one(db: Db, where: string, value: string | number): Promise<UsrRow | null> {
  const { rows } = await db.query<UsrRow>(`SELECT ${columns} FROM usr WHERE ${where} = $1`, [
    value,
  ]);
  return rows[0] ?? null;
}

export const usrByEml = (db: Db, eml: string) => one(db, 'eml_lc', emlKey(eml));
export const usrById = (db: Db, usrId: number) => one(db, 'usr_id', usrId);
export const usrByRef = (db: Db, usrRef: string) => one(db, 'usr_ref', usrRef);

/** Makes a user; false, and nothing changed, when the mail address is taken. */
export async function insUsr(
  db: Db,
  usr: { eml: string; nm: string; pwdHsh: string | null; rol: UsrRol },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `INSERT INTO usr (eml, eml_lc, nm, pwd_hsh, rol) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (eml_lc) DO NOTHING`,
    [usr.eml, emlKey(usr.eml), usr.nm, usr.pwdHsh, usr.rol],
  );
  return rowCount === 1;
}

/** Stores the same password hashed anew, unless it was changed meanwhile. */
export async function rehashUsr(db: Db, usr: UsrRow, pwdHsh: string): Promise<void> {
  await db.query('UPDATE usr SET pwd_hsh = $3 WHERE usr_id = $1 AND pwd_hsh = $2', [
    usr.usrId,
    usr.pwdHsh,
    pwdHsh,
  ]);
}

/** Stores a new password and refuses all tokens and sessions of the old; false when it was changed meanwhile. */
export async function setPwd(db: PoolClient, usr: UsrRow, pwdHsh: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE usr SET pwd_hsh = $3, tok_ver = tok_ver + 1, upd_ts = now() WHERE usr_id = $1 AND tok_ver = $2`,
    [usr.usrId, usr.tokVer, pwdHsh],
  );
  await db.query('DELETE FROM usr_sess WHERE usr_id = $1', [usr.usrId]);
  return rowCount === 1;
}

/** Users by age, oldest first, from behind `afterId`. */
export async function lstUsr(
  db: Db,
  flt: { eml: string | null; afterId: number; lim: number },
): Promise<UsrRow[]> {
  const { rows } = await db.query<UsrRow>(
    `SELECT ${columns} FROM usr WHERE usr_id > $1 AND ($2::text IS NULL OR eml_lc = $2) ORDER BY usr_id LIMIT $3`,
    [flt.afterId, flt.eml === null ? null : emlKey(flt.eml), flt.lim],
  );
  return rows;
}

/** Whether the user is the only active operator. Locks the operators, so that two at once do not both leave. */
export async function lastOperator(db: PoolClient, usrId: number): Promise<boolean> {
  const { rows } = await db.query<{ usrId: number }>(
    `SELECT usr_id AS "usrId" FROM usr WHERE rol = 'O' AND sts = 'A' ORDER BY usr_id FOR UPDATE`,
  );
  return rows.length === 1 && rows[0]?.usrId === usrId;
}

/** Gives a user another role. Pages see it at once, tokens carry it from the next one on. */
export async function setRol(db: PoolClient, usrRef: string, rol: UsrRol): Promise<UsrRow | null> {
  const { rows } = await db.query<UsrRow>(
    `UPDATE usr SET rol = $2, upd_ts = now() WHERE usr_ref = $1 RETURNING ${columns}`,
    [usrRef, rol],
  );
  return rows[0] ?? null;
}

/** Removes the user; sessions go with it, comments and articles lose their owner. */
export async function delUsrRow(db: PoolClient, usrId: number): Promise<void> {
  await db.query('DELETE FROM usr WHERE usr_id = $1', [usrId]);
}
