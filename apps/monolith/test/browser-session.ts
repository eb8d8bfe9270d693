import { createHash, randomBytes } from 'node:crypto';
import type { TestMonolith } from './monolith.ts';

/** A session of somebody who is registered, without the log-in form: the cookie and the token of its forms. */
export async function openSession(
  site: TestMonolith,
  email: string,
): Promise<{ cookie: string; csrf: string }> {
  const sid = randomBytes(32).toString('base64url');
  const csrf = randomBytes(32).toString('base64url');
  const hash = createHash('sha256').update(sid).digest();
  const opened = await site.query(
    `INSERT INTO usr_sess (sess_hsh, usr_id, csrf_tok, exp_ts)
     SELECT $1, usr_id, $2, now() + interval '1 day' FROM usr WHERE eml_lc = $3 RETURNING usr_id`,
    [hash, csrf, email],
  );
  if (opened.length !== 1) throw new Error(`Nobody has the mail address ${email}.`);
  return { cookie: `ns_session=${sid}`, csrf };
}
