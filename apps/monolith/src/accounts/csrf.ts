import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import { ProblemError } from '@newscience/service-kit/problem';
import { z } from 'zod';
import { viewerOf } from '../viewer.ts';
import type { Cookies } from './cookies.ts';
import { sameToken } from './secrets.ts';
import type { Secrets } from './secrets.ts';

export type Csrf = ReturnType<typeof createCsrf>;

const formBody = z.object({ _csrf: z.string() });
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

function refused(detail: string): ProblemError {
  return new ProblemError({ code: 'csrf_refused', detail });
}

const foreign = () => refused('The request comes from another site.');
const stale = () =>
  refused(
    'The form is no longer valid, perhaps because you logged in or out meanwhile. Load the page again and send it once more.',
  );

/**
 * Against cross-site request forgery: where the browser says another site sent the request, it is refused;
 * besides, each form carries a token. A session has its own; an anonymous form (log-in, registration) has
 * one that is derived from a cookie of the same browser, so that nobody can log a visitor in to an account
 * of the attacker's. Bearer tokens need none of this: no browser adds them by itself.
 */
export function createCsrf({
  cookies,
  secrets,
  publicUrl,
}: {
  cookies: Cookies;
  secrets: Secrets;
  publicUrl: string;
}) {
  const site = new URL(publicUrl);

  function fromHere(req: IncomingMessage): boolean {
    const { origin, host } = req.headers;
    const fetchSite = req.headers['sec-fetch-site'];
    // Old clients send neither; the token decides alone then.
    if (origin === undefined)
      return fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none';
    // A page with the policy `no-referrer` sends `null` for its own forms too.
    if (origin === 'null') return fetchSite === 'same-origin';
    return origin === site.origin || (host !== undefined && origin === `${site.protocol}//${host}`);
  }

  function expected(req: IncomingMessage): string | null {
    const viewer = viewerOf(req);
    if (viewer.kind === 'user') return viewer.csrf ?? null;
    const cookie = cookies.form.read(req);
    return cookie === null ? null : secrets.formToken(cookie);
  }

  function checkToken(req: Request): void {
    const form = formBody.safeParse(req.body);
    const given = form.success ? form.data._csrf : req.get('x-csrf-token');
    const right = expected(req);
    if (given === undefined || right === null || !sameToken(given, right)) throw stale();
  }

  /** For routes of the JSON API: requests with the session cookie need the header `x-csrf-token`. */
  const checkApiCsrf: RequestHandler = (req, _res, next) => {
    const viewer = viewerOf(req);
    if (!safeMethods.has(req.method) && viewer.kind === 'user' && viewer.via === 'session') {
      if (!fromHere(req)) throw foreign();
      const given = req.get('x-csrf-token');
      if (given === undefined || viewer.csrf === undefined || !sameToken(given, viewer.csrf)) {
        throw refused(
          'A request with the session cookie needs the header x-csrf-token with the token of the page.',
        );
      }
    }
    next();
  };

  const checkFormCsrf: RequestHandler = (req, _res, next) => {
    if (!safeMethods.has(req.method)) {
      if (!fromHere(req)) throw foreign();
      checkToken(req);
    }
    next();
  };

  /** The viewer's token; gives an anonymous visitor the cookie that it belongs to. */
  function csrfTok(req: Request, res: Response): string {
    const present = expected(req);
    if (present !== null) return present;
    const cookie = randomBytes(18).toString('base64url');
    cookies.form.set(res, cookie);
    return secrets.formToken(cookie);
  }

  return { checkApiCsrf, checkFormCsrf, csrfTok };
}
