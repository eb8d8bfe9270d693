import type { Response } from 'express';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * The headers of each page. The referrer stays within the site, and is there at all because without one browsers
 * send the origin `null` with forms. A page depends on who looks at it: nobody in between may keep it, and with
 * `store: false` not even the browser (what was on the screen before a log-out).
 */
export function setPageHeaders(res: Response, store: boolean): void {
  res.set({
    'content-security-policy': policy,
    'referrer-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    'cache-control': store ? 'private, no-cache' : 'no-store',
    vary: 'Cookie',
    'content-language': 'en',
  });
}
