import type { IncomingMessage } from 'node:http';
import type { Response } from 'express';

export type Cookies = ReturnType<typeof createCookies>;

/** The first value of a cookie, or null. Values here are base64url, so that nothing needs decoding. */
function read(req: IncomingMessage, name: string): string | null {
  for (const part of (req.headers.cookie ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return null;
}

/**
 * The two cookies of the site: the session, and the one that anonymous forms are bound to.
 * Over https they carry `Secure` and the `__Host-` prefix, so that no other host of the domain can plant one.
 */
export function createCookies(publicUrl: string) {
  const secure = new URL(publicUrl).protocol === 'https:';
  const named = (name: string) => (secure ? `__Host-${name}` : name);
  const attributes = { httpOnly: true, sameSite: 'lax', path: '/', secure } as const;

  function cookie(name: string) {
    return {
      name,
      read: (req: IncomingMessage) => read(req, name),
      /** Without `maxAgeMs` the cookie ends with the browser. */
      set: (res: Response, value: string, maxAgeMs?: number) =>
        res.cookie(
          name,
          value,
          maxAgeMs === undefined ? attributes : { ...attributes, maxAge: maxAgeMs },
        ),
      clear: (res: Response) => res.clearCookie(name, attributes),
    };
  }

  return { session: cookie(named('ns_session')), form: cookie(named('ns_form')) };
}
