import { Router } from 'express';
import type { Response } from 'express';
import type { Pool } from 'pg';
import { ProblemError } from '@newscience/service-kit/problem';
import { withTransaction } from '@newscience/service-kit/postgres';
import type { Result } from '@newscience/service-kit/result';
import { parseRequest } from '@newscience/service-kit/validation';
import { z } from 'zod';
import { readCursor, writeCursor } from '../cursor.ts';
import { requireRol, requireUser, rolOf, roleName } from './access.ts';
import type { AcctErr, AcctInt, UsrRec } from './acct-int.ts';
import type { KeyRing, Rotation } from './key-ring.ts';
import type { LogIn } from './log-in.ts';
import { accountList, accountPath } from './operations.ts';
import {
  credentialsSchema,
  deletionSchema,
  passwordChangeSchema,
  registrationSchema,
  roleChangeSchema,
} from './schemas.ts';
import type { Tok } from './tok.ts';
import { lastOperator, lstUsr, setRol, usrById, usrByRef } from './usr-sql.ts';

export type AcctRoutesDeps = { pool: Pool; acct: AcctInt; logIn: LogIn; tok: Tok; ring: KeyRing };

function shown({ usrRef, eml, nm, rol, crtTs }: UsrRec) {
  return { id: usrRef, email: eml, name: nm, role: roleName(rol), createdAt: crtTs.toISOString() };
}

function given<T>(result: Result<T, AcctErr>): T {
  if (result.ok) return result.value;
  const { faults = [], ...error } = result.error;
  const inBody = faults.map((fault) => ({ ...fault, pointer: `/body${fault.pointer}` }));
  throw new ProblemError(faults.length === 0 ? error : { ...error, faults: inBody });
}

const noAccount = () =>
  new ProblemError({ code: 'account_not_found', detail: 'There is no account with this id.' });

/** What carries a token is kept by nobody. */
function unkept(res: Response): Response {
  return res.set('cache-control', 'no-store');
}

/** The JSON API of accounts, and the key set. */
export function acctRoutes({ pool, acct, logIn, tok, ring }: AcctRoutesDeps): Router {
  const router = Router();

  router.post('/api/v1/accounts', async (req, res) => {
    const { body } = parseRequest(req, { body: registrationSchema });
    given(await acct.regUsr(req, { eml: body.email, nm: body.name, pwd: body.password }));
    res.status(202).json({
      status: 'accepted',
      detail: 'If the mail address was free, the account is ready: log in.',
    });
  });

  router.post('/api/v1/tokens', async (req, res) => {
    const { body } = parseRequest(req, { body: credentialsSchema });
    const usr = given(await logIn.byEml(body.email, body.password, req.ip ?? 'unknown'));
    unkept(res).json(await tok.issue(usr));
  });

  router.get('/api/v1/me', async (req, res) => {
    const usr = await usrById(pool, requireUser(req).usrId);
    if (usr === null) throw noAccount();
    unkept(res).json(shown(usr));
  });

  router.post('/api/v1/me/password', async (req, res) => {
    const { usrId } = requireUser(req);
    const { body } = parseRequest(req, { body: passwordChangeSchema });
    given(await acct.chgPwd(req, res, body.currentPassword, body.newPassword));
    const usr = await usrById(pool, usrId);
    if (usr === null) throw noAccount();
    unkept(res).json(await tok.issue(usr));
  });

  router.delete('/api/v1/me', async (req, res) => {
    requireUser(req);
    const { body } = parseRequest(req, { body: deletionSchema });
    given(await acct.delUsr(req, res, body.password));
    res.status(204).end();
  });

  router.get('/api/v1/accounts', async (req, res) => {
    requireRol(req, 'O');
    const { query } = parseRequest(req, { query: accountList });
    const afterId =
      query.cursor === undefined
        ? 0
        : readCursor('accounts', query.cursor, z.tuple([z.int().min(0)]))?.[0];
    if (afterId === undefined)
      throw new ProblemError({
        code: 'cursor_invalid',
        detail: 'The cursor does not belong to this list.',
      });
    const found = await lstUsr(pool, { eml: query.email ?? null, afterId, lim: query.limit + 1 });
    const items = found.slice(0, query.limit);
    const last = found.length > items.length ? items.at(-1) : undefined;
    unkept(res).json({
      items: items.map(shown),
      nextCursor: last ? writeCursor('accounts', [last.usrId]) : null,
    });
  });

  router.put('/api/v1/accounts/:id/role', async (req, res) => {
    requireRol(req, 'O');
    const { params, body } = parseRequest(req, { params: accountPath, body: roleChangeSchema });
    const rol = rolOf(body.role);
    const usr = await withTransaction(pool, async (client) => {
      const present = await usrByRef(client, params.id);
      if (present === null) throw noAccount();
      if (rol !== 'O' && (await lastOperator(client, present.usrId))) {
        throw new ProblemError({
          code: 'account_last_operator',
          detail: 'This is the last operator. Make somebody else an operator first.',
        });
      }
      return setRol(client, params.id, rol);
    });
    if (usr === null) throw noAccount();
    res.json(shown(usr));
  });

  router.post('/api/v1/signing-keys/rotations', async (req, res) => {
    requireRol(req, 'O');
    const { kid, signsFrom, created }: Rotation = await ring.rotate();
    res.status(created ? 201 : 200).json({ kid, signsFrom: signsFrom.toISOString(), created });
  });

  router.get('/.well-known/jwks.json', async (_req, res) => {
    res.set('cache-control', `public, max-age=${ring.maxAgeSeconds}`);
    res.json({ keys: await ring.published() });
  });

  return router;
}
