import type { IncomingMessage } from 'node:http';

/** Names that robots give themselves. `cubot` makes telephones. */
const robots =
  /(?<!cu)bot\b|bot[/;_-]|crawl|spider|slurp|facebookexternalhit|preview|monitor|uptime|feedfetch|archiver/i;

/**
 * Whether a page request counts as a view by a reader: a GET of a browser that somebody looks at, no
 * prefetch. Robots are known by the name they give; one that lies counts.
 */
export function countsAsView(req: Pick<IncomingMessage, 'method' | 'headers'>): boolean {
  if (req.method !== 'GET') return false;
  const { headers } = req;
  const purpose = [
    headers['sec-purpose'],
    headers['purpose'],
    headers['x-purpose'],
    headers['x-moz'],
  ].join(' ');
  if (/prefetch|prerender|preview/i.test(purpose)) return false;
  const agent = headers['user-agent'] ?? '';
  return agent !== '' && !robots.test(agent);
}
