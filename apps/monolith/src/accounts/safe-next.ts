const base = 'http://site.invalid';

/**
 * `value` of a `next` parameter if it leads to a path of this site, else `fallback` (default `/`).
 * Browsers read `//host`, `/\host` and `/..//host` as other sites, and drop tabs and line breaks first.
 */
export function safeNext(value: unknown, fallback = '/'): string {
  if (typeof value !== 'string' || value.length > 500) return fallback;
  if (!/^\/[\x21-\x5b\x5d-\x7e]*$/.test(value)) return fallback;
  if (!URL.canParse(value, base)) return fallback;
  const url = new URL(value, base);
  if (url.origin !== base || url.pathname.startsWith('//')) return fallback;
  return url.pathname + url.search + url.hash;
}
