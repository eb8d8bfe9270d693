import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether the client has this version already. `If-None-Match` decides when it is sent. `If-Modified-Since`
 * counts only when it is this very date: a feed's date goes back when its newest article is withdrawn, and
 * the client must not keep that article then.
 * @param lastModified an HTTP date, or null when there is none
 */
export function isUnchanged(
  headers: IncomingHttpHeaders,
  etag: string,
  lastModified: string | null,
): boolean {
  const known = headers['if-none-match'];
  if (known !== undefined) {
    const tags = known.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    return tags.includes('*') || tags.includes(etag);
  }
  return lastModified !== null && headers['if-modified-since'] === lastModified;
}
