import { create } from 'xmlbuilder2';
import { escapeHtml } from '../escape-html.ts';
import { pathOf } from '../articles/art-jsn.ts';
import type { ArtHdr } from '../articles/art-int.ts';

/** What a feed says about itself; `url` is its own absolute address, `link` that of the page it belongs to. */
export type Channel = { title: string; description: string; link: string; url: string };

/** A time as RFC 822 with a four-digit year, such as `Sun, 01 Mar 2026 12:00:00 GMT`. */
export const rfc822 = (time: Date): string => time.toUTCString();

/** The builder takes `&lt;` in a text for an entity; here it is what somebody wrote. */
const literal = (text: string): string => text.replaceAll('&', '&amp;');

type Node = ReturnType<ReturnType<typeof create>['ele']>;

function addItem(channel: Node, hdr: ArtHdr, siteUrl: string): void {
  const item = channel.ele('item');
  const link = `${siteUrl}${pathOf(hdr.artRef)}`;
  item.ele('title').txt(literal(hdr.ttl));
  item.ele('link').txt(literal(link));
  // Not the link: the site may move.
  item.ele('guid', { isPermaLink: 'false' }).txt(literal(`urn:newscience:article:${hdr.artRef}`));
  if (hdr.pubTs) item.ele('pubDate').txt(literal(rfc822(hdr.pubTs)));
  const text = hdr.smry ?? hdr.kick;
  // Readers take a description for HTML.
  if (text !== null) item.ele('description').txt(literal(escapeHtml(text)));
  for (const name of hdr.auts) item.ele('dc:creator').txt(literal(name));
  for (const name of new Set([hdr.sectNm, ...hdr.tops])) item.ele('category').txt(literal(name));
  const source = [hdr.srcNm, hdr.srcUrl].filter((part) => part !== null).join(' ');
  if (source !== '') item.ele('dc:source').txt(literal(source));
  const licence = [hdr.licNm, hdr.licUrl].filter((part) => part !== null).join(' ');
  if (licence !== '') item.ele('dc:rights').txt(literal(licence));
}

/** An RSS 2.0 document; `updated` is null for an empty feed. `siteUrl` has no slash at its end. */
export function rssOf(
  about: Channel,
  hdrs: ArtHdr[],
  updated: Date | null,
  siteUrl: string,
): string {
  // XML cannot hold a few characters that a text may have; they are left out.
  const document = create({ version: '1.0', encoding: 'UTF-8', invalidCharReplacement: '' });
  const rss = document.ele('rss', {
    version: '2.0',
    'xmlns:atom': 'http://www.w3.org/2005/Atom',
    'xmlns:dc': 'http://purl.org/dc/elements/1.1/',
  });
  const channel = rss.ele('channel');
  channel.ele('title').txt(literal(about.title));
  channel.ele('link').txt(literal(about.link));
  channel.ele('description').txt(literal(about.description));
  channel.ele('language').txt(literal('en'));
  if (updated) channel.ele('lastBuildDate').txt(literal(rfc822(updated)));
  channel.ele('ttl').txt(literal('60'));
  channel.ele('atom:link', { href: about.url, rel: 'self', type: 'application/rss+xml' });
  for (const hdr of hdrs) addItem(channel, hdr, siteUrl);
  return document.end({ prettyPrint: true });
}
