import type { Request, Response } from 'express';
import type { Pool } from 'pg';
import { withTransaction } from '@newscience/service-kit/postgres';
import type { Fault } from '@newscience/service-kit/problem';
import { err, ok } from '@newscience/service-kit/result';
import type { Result } from '@newscience/service-kit/result';
import { setViewer } from '../viewer.ts';
import type { UserViewer } from '../viewer.ts';
import { requireUser } from './access.ts';
import type { AcctErr, AcctInt } from './acct-int.ts';
import type { Cookies } from './cookies.ts';
import type { Csrf } from './csrf.ts';
import type { LogIn } from './log-in.ts';
import type { PwdHash } from './pwd-hash.ts';
import { pwdFaults } from './pwd-rules.ts';
import { safeNext } from './safe-next.ts';
import { registrationSchema } from './schemas.ts';
import type { Sess } from './sess.ts';
import {
  delUsrRow,
  insUsr,
  lastOperator,
  publicUsr,
  setPwd,
  usrById,
  usrByRef,
} from './usr-sql.ts';
import type { UsrRow } from './usr-sql.ts';

export type AcctDeps = {
  pool: Pool;
  cookies: Cookies;
  csrf: Csrf;
  hashes: PwdHash;
  logIn: LogIn;
  sess: Sess;
};

const address = (req: Request) => req.ip ?? 'unknown';

function invalid(faults: Fault[]) {
  const detail = faults.map(({ pointer, problem }) => `${pointer.slice(1)} ${problem}`).join('; ');
  return err<AcctErr>({ code: 'validation_failed', detail: `Not accepted: ${detail}.`, faults });
}

const lastOne: AcctErr = {
  code: 'account_last_operator',
  detail: 'This is the last operator. Make somebody else an operator first.',
};

const changedMeanwhile: AcctErr = {
  code: 'account_password_wrong',
  detail: 'The password was changed in the meantime.',
};

/** Accounts as the pages and the other modules see them. */
export function createAcct({ pool, cookies, csrf, hashes, logIn, sess }: AcctDeps): AcctInt {
  async function openSession(
    req: Request,
    res: Response,
    usr: UsrRow,
  ): Promise<Result<UserViewer, AcctErr>> {
    // A new id at each log-in: one that somebody planted in the browser before is worth nothing.
    const former = cookies.session.read(req);
    if (former !== null) await sess.end(former);
    const opened = await sess.open(usr.usrId, usr.tokVer);
    if (opened === null) return err(changedMeanwhile);
    cookies.session.set(res, opened.sid, sess.maxMs);
    cookies.form.clear(res);
    const { usrId, usrRef, nm, rol } = usr;
    const viewer: UserViewer = {
      kind: 'user',
      via: 'session',
      usrId,
      usrRef,
      nm,
      rol,
      csrf: opened.csrf,
    };
    setViewer(req, viewer);
    return ok(viewer);
  }

  /** The viewer's own row, after the password was given again. */
  async function proven(req: Request, pwd: string): Promise<Result<UsrRow, AcctErr>> {
    const usr = await usrById(pool, requireUser(req).usrId);
    if (usr === null) return err({ code: 'account_not_found', detail: 'The account is gone.' });
    return logIn.again(usr, pwd, address(req));
  }

  return {
    async regUsr(req, put) {
      const read = registrationSchema.safeParse({
        email: put.eml,
        name: put.nm,
        password: put.pwd,
      });
      if (!read.success) {
        const faults = read.error.issues.map(({ path, message }) => ({
          pointer: `/${path.join('/')}`,
          problem: message,
        }));
        // All that is wrong is said at once: the password is looked at even where its owner is not known yet.
        const known = faults.some(({ pointer }) => pointer === '/password');
        return invalid([...faults, ...(known ? [] : pwdFaults(put.pwd, put, '/password'))]);
      }
      const { email, name, password } = read.data;
      const faults = pwdFaults(password, { eml: email, nm: name }, '/password');
      if (faults.length > 0) return invalid(faults);

      const admitted = await logIn.admitRegistration(address(req));
      if (!admitted.ok) return admitted;
      // Hashed in any case, so that neither answer nor time tells whether the address was taken.
      const hash = await hashes.make(password);
      if (!hash.ok) return hash;
      await insUsr(pool, { eml: email, nm: name, pwdHsh: hash.value, rol: 'R' });
      return ok(null);
    },

    async logIn(req, res, eml, pwd) {
      const usr = await logIn.byEml(eml, pwd, address(req));
      return usr.ok ? openSession(req, res, usr.value) : usr;
    },

    async logOut(req, res) {
      const sid = cookies.session.read(req);
      if (sid !== null) await sess.end(sid);
      cookies.session.clear(res);
      setViewer(req, { kind: 'anonymous' });
    },

    async chgPwd(req, res, oldPwd, newPwd) {
      const { via } = requireUser(req);
      const usr = await proven(req, oldPwd);
      if (!usr.ok) return usr;
      const faults = pwdFaults(newPwd, usr.value, '/newPassword');
      if (faults.length > 0) return invalid(faults);
      const hash = await hashes.make(newPwd);
      if (!hash.ok) return hash;
      const changed = await withTransaction(pool, (client) =>
        setPwd(client, usr.value, hash.value),
      );
      if (!changed) return err(changedMeanwhile);
      if (via === 'bearer') return ok(null);
      const opened = await openSession(req, res, { ...usr.value, tokVer: usr.value.tokVer + 1 });
      return opened.ok ? ok(null) : opened;
    },

    async delUsr(req, res, pwd) {
      const usr = await proven(req, pwd);
      if (!usr.ok) return usr;
      const { usrId } = usr.value;
      const gone = await withTransaction(pool, async (client) => {
        if (await lastOperator(client, usrId)) return false;
        await delUsrRow(client, usrId);
        return true;
      });
      if (!gone) return err(lastOne);
      cookies.session.clear(res);
      setViewer(req, { kind: 'anonymous' });
      return ok(null);
    },

    async getUsr(usrRef) {
      const usr = await usrByRef(pool, usrRef);
      return usr && publicUsr(usr);
    },

    async getUsrById(usrId) {
      const usr = await usrById(pool, usrId);
      return usr && publicUsr(usr);
    },

    csrfTok: (req, res) => csrf.csrfTok(req, res),
    checkFormCsrf: csrf.checkFormCsrf,
    safeNext,
  };
}
