import type { RequestHandler } from 'express';
import type { Pool } from 'pg';
import { ProblemError } from '@newscience/service-kit/problem';
import { setViewer } from '../viewer.ts';
import type { UserViewer } from '../viewer.ts';
import type { Cookies } from './cookies.ts';
import type { Sess } from './sess.ts';
import type { Tok } from './tok.ts';
import { usrByRef } from './usr-sql.ts';

/**
 * Finds out who asks. Under `/api` an `Authorization` header decides alone (401 when it does not hold),
 * otherwise, and on pages always, the session cookie; a cookie that is not valid counts as none.
 */
export function createIdentify({
  pool,
  cookies,
  sess,
  tok,
}: {
  pool: Pool;
  cookies: Cookies;
  sess: Sess;
  tok: Tok;
}): RequestHandler {
  async function byBearer(header: string): Promise<UserViewer> {
    const token = /^Bearer +(\S+)$/i.exec(header)?.[1];
    const held = token === undefined ? null : await tok.read(token);
    const usr = held && (await usrByRef(pool, held.usrRef));
    if (usr?.sts !== 'A' || usr.tokVer !== held?.ver) {
      throw new ProblemError({
        code: 'unauthorized',
        detail:
          'The bearer token is not valid, or no longer: get a new one at POST /api/v1/tokens.',
      });
    }
    return {
      kind: 'user',
      via: 'bearer',
      usrId: usr.usrId,
      usrRef: usr.usrRef,
      nm: usr.nm,
      rol: usr.rol,
    };
  }

  return async (req, _res, next) => {
    const { authorization } = req.headers;
    if (authorization !== undefined && req.path.startsWith('/api/')) {
      setViewer(req, await byBearer(authorization));
    } else {
      const sid = cookies.session.read(req);
      const viewer = sid === null ? null : await sess.find(sid);
      if (viewer) setViewer(req, viewer);
    }
    next();
  };
}
