import { createHash, randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import type { UserViewer } from '../viewer.ts';

export type Sess = ReturnType<typeof createSess>;

const digest = (sid: string) => createHash('sha256').update(sid).digest();
const secret = () => randomBytes(32).toString('base64url');

type Row = Omit<UserViewer, 'kind' | 'via'> & { csrf: string; seenLongAgo: boolean };

/** Sessions of the pages: the database knows only the hash of what is in the cookie. Limits in milliseconds. */
export function createSess({ pool, idleMs, maxMs }: { pool: Pool; idleMs: number; maxMs: number }) {
  // Being seen is written down now and then, not at each page view.
  const touchMs = Math.min(60_000, idleMs / 10);

  return {
    maxMs,

    /**
     * Opens a session; its id goes into the cookie and nowhere else. Null when the password was changed
     * or the account deleted since it was proved (the row lock makes us wait for a change under way).
     */
    async open(usrId: number, tokVer: number): Promise<{ sid: string; csrf: string } | null> {
      const opened = { sid: secret(), csrf: secret() };
      const { rowCount } = await pool.query(
        `INSERT INTO usr_sess (sess_hsh, usr_id, csrf_tok, exp_ts)
         SELECT $1, usr_id, $2, now() + $3::float8 * interval '1 ms'
           FROM usr WHERE usr_id = $4 AND tok_ver = $5 FOR SHARE`,
        [digest(opened.sid), opened.csrf, maxMs, usrId, tokVer],
      );
      return rowCount === 1 ? opened : null;
    },

    /** Whose session it is; null when there is none, when it is over or when the account is suspended. */
    async find(sid: string): Promise<UserViewer | null> {
      const hash = digest(sid);
      const { rows } = await pool.query<Row>(
        `SELECT u.usr_id AS "usrId", u.usr_ref AS "usrRef", u.nm, u.rol, s.csrf_tok AS csrf,
                s.sen_ts < now() - $3::float8 * interval '1 ms' AS "seenLongAgo"
           FROM usr_sess s JOIN usr u USING (usr_id)
          WHERE s.sess_hsh = $1 AND u.sts = 'A' AND s.exp_ts > now()
            AND s.sen_ts > now() - $2::float8 * interval '1 ms'`,
        [hash, idleMs, touchMs],
      );
      const row = rows[0];
      if (!row) return null;
      const { seenLongAgo, ...user } = row;
      if (seenLongAgo)
        await pool.query('UPDATE usr_sess SET sen_ts = now() WHERE sess_hsh = $1', [hash]);
      return { kind: 'user', via: 'session', ...user };
    },

    async end(sid: string): Promise<void> {
      await pool.query('DELETE FROM usr_sess WHERE sess_hsh = $1', [digest(sid)]);
    },

    /** Removes the sessions that are over. */
    async cleanUp(): Promise<void> {
      await pool.query(
        `DELETE FROM usr_sess WHERE exp_ts <= now() OR sen_ts <= now() - $1::float8 * interval '1 ms'`,
        [idleMs],
      );
    },
  };
}
