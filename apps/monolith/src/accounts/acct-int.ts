import type { Request, RequestHandler, Response } from 'express';
import type { Fault } from '@newscience/service-kit/problem';
import type { Result } from '@newscience/service-kit/result';
import type { UserViewer, UsrRol } from '../viewer.ts';

/** A user's row, without the password. `sts`: A active, X suspended. */
export type UsrRec = {
  usrId: number;
  usrRef: string;
  eml: string;
  nm: string;
  rol: UsrRol;
  sts: 'A' | 'X';
  crtTs: Date;
};

/** What a page shows to the person: `detail` as a sentence, `faults` beside the fields (`/name`, `/email`, `/password`, `/newPassword`). */
export type AcctErr = {
  code:
    | 'validation_failed'
    | 'account_credentials_wrong'
    | 'account_password_wrong'
    | 'account_attempts_exceeded'
    | 'account_not_found'
    | 'account_last_operator'
    | 'account_busy';
  detail: string;
  faults?: Fault[];
  retryable?: boolean;
  retryAfterSeconds?: number;
};

export type RegPut = { eml: string; nm: string; pwd: string };

/**
 * Accounts, for the pages and the other modules. What takes `req` and `res` reads and sets the cookies
 * itself; the caller only redirects or shows the error.
 */
export interface AcctInt {
  /**
   * Makes a reader's account. A mail address that is taken gets the same answer and makes nothing, so
   * the page says "your account is ready, log in" in both cases and sends the visitor to the log-in.
   */
  regUsr(req: Request, put: RegPut): Promise<Result<null, AcctErr>>;
  /** Checks the password and opens a new session in the browser; one that it had before ends. */
  logIn(
    req: Request,
    res: Response,
    eml: string,
    pwd: string,
  ): Promise<Result<UserViewer, AcctErr>>;
  /** Ends the browser's session; nothing happens without one. */
  logOut(req: Request, res: Response): Promise<void>;
  /** Changes the viewer's password, ends all of the account's sessions and tokens, and opens a new session in this browser. Throws `unauthorized` when anonymous. */
  chgPwd(
    req: Request,
    res: Response,
    oldPwd: string,
    newPwd: string,
  ): Promise<Result<null, AcctErr>>;
  /** Deletes the viewer's account (asks for the password again): comments and articles stay without it. */
  delUsr(req: Request, res: Response, pwd: string): Promise<Result<null, AcctErr>>;
  /**
   * The value for a form's `_csrf` field (or the `x-csrf-token` header). For an anonymous visitor it sets
   * a cookie at its first call, so call it before the body is sent and only on pages with a form.
   */
  csrfTok(req: Request, res: Response): string;
  /** Page routers mount it before their handlers, behind the urlencoded parser: refuses (403 `csrf_refused`) each unsafe request without a valid `_csrf`. */
  checkFormCsrf: RequestHandler;
  /** `value` of a `next` parameter if it is a path of this site, else `fallback` (default `/`). */
  safeNext(value: unknown, fallback?: string): string;
  getUsr(usrRef: string): Promise<UsrRec | null>;
  getUsrById(usrId: number): Promise<UsrRec | null>;
}
