import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DOMParser, Element as DomElement } from '@xmldom/xmldom';
import { z } from 'zod';
import { createAut } from '../src/authors/aut-mod.ts';
import { autRoutes } from '../src/authors/routes.ts';
import { createCmt } from '../src/comments/cmt-mod.ts';
import { escapeHtml } from '../src/escape-html.ts';
import { feedRoutes } from '../src/feeds/routes.ts';
import type { Base, Site } from './articles-site.ts';
import { itemsOf, must, published, startBase, startSite } from './articles-site.ts';

let base: Base;
let site: Site;

const evil = `<b>A & B</b> "q" 'a' ]]> &lt;i&gt; &amp; \ufffe CO₂ 🔭`;

beforeAll(async () => {
  base = await startBase();
  const { art } = base;
  const cmt = createCmt({ ...base });
  site = await startSite(base, [
    feedRoutes({ art, siteUrl: 'https://ns.example/' }),
    autRoutes({ aut: createAut({ art }), cmt }),
  ]);
  for (let n = 1; n <= 31; n += 1) {
    await published(
      base,
      { artRef: `art-${n}`, ttl: `Title ${n}` },
      new Date(Date.UTC(2026, 0, n, 8, 5, 9)),
    );
  }
  await published(base, {
    artRef: 'odd.one_1',
    ttl: evil,
    smry: evil,
    auts: ['O’Neill & Söhne', 'A/B'],
    tops: ['R&D'],
    sectCd: 'neuroscience',
    srcNm: 'eLife',
    srcUrl: 'https://x.org/?a=1&b=2',
    licNm: 'CC BY 4.0',
    licUrl: 'https://creativecommons.org/licenses/by/4.0/',
  });
});
afterAll(async () => {
  await site.close();
  await base.close();
});

type Element = {
  name: string;
  attributes: Record<string, string>;
  text: string;
  children: Element[];
};

/** What a parser that is not the writer's own finds; it throws at anything ill-formed. */
function parse(xml: string): Element {
  const onError = (level: string, message: string) => {
    throw new Error(`${level}: ${message}`);
  };
  const root = new DOMParser({ onError }).parseFromString(xml, 'text/xml').documentElement;
  if (!root) throw new Error('no root');
  return elementOf(root);
}

function elementOf(node: DomElement): Element {
  const children: Element[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) {
    if (child instanceof DomElement) children.push(elementOf(child));
  }
  const attributes = Object.fromEntries(
    [...node.attributes].map(({ name, value }) => [name, value]),
  );
  return { name: node.nodeName, attributes, text: node.textContent ?? '', children };
}

const all = (of: Element | undefined, name: string) =>
  of?.children.filter((child) => child.name === name) ?? [];
const texts = (of: Element | undefined, name: string) => all(of, name).map(({ text }) => text);
const channelOf = (xml: string) => all(parse(xml), 'channel')[0];

describe('the feed', () => {
  it('has the thirty newest articles, newest first', async () => {
    const answer = await site.ask('GET', '/feed.xml');
    expect(answer.headers.get('content-type')).toBe('application/rss+xml; charset=utf-8');
    expect(parse(answer.text)).toMatchObject({ name: 'rss', attributes: { version: '2.0' } });
    const channel = channelOf(answer.text);
    expect(all(channel, 'atom:link')).toMatchObject([
      {
        attributes: {
          href: 'https://ns.example/feed.xml',
          rel: 'self',
          type: 'application/rss+xml',
        },
      },
    ]);
    const items = all(channel, 'item');
    expect(items).toHaveLength(30);
    expect(texts(items[1], 'title')).toEqual(['Title 31']);
    expect(texts(items[1], 'link')).toEqual(['https://ns.example/articles/art-31']);
    expect(all(items[1], 'guid')).toMatchObject([
      { text: 'urn:newscience:article:art-31', attributes: { isPermaLink: 'false' } },
    ]);
    expect(texts(items[1], 'pubDate')).toEqual(['Sat, 31 Jan 2026 08:05:09 GMT']);
    expect(texts(items[1], 'dc:creator')).toEqual(['Ada Lovelace', 'Carl Sagan']);
    expect(texts(items[1], 'category')).toEqual(['Space and physics', 'Optics', 'Atmosphere']);
  });

  it('has what RSS demands of a channel', async () => {
    const channel = channelOf((await site.ask('GET', '/feed.xml')).text);
    for (const name of ['title', 'link', 'description', 'lastBuildDate'])
      expect(texts(channel, name)).toHaveLength(1);
    expect(texts(channel, 'lastBuildDate')[0]).toMatch(
      /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT$/,
    );
  });

  it('keeps what XML would take for markup, and holds no character that XML cannot', async () => {
    const { text } = await site.ask('GET', '/sections/neuroscience/feed.xml');
    const channel = channelOf(text);
    expect(texts(channel, 'title')).toEqual(['New Science: Neuroscience']);
    expect(all(channel, 'atom:link')[0]?.attributes['href']).toBe(
      'https://ns.example/sections/neuroscience/feed.xml',
    );
    const [item] = all(channel, 'item');
    const shown = evil.replace('\ufffe', '');
    expect(texts(item, 'title')).toEqual([shown]);
    // Readers take it for HTML, so that it is escaped once more.
    expect(texts(item, 'description')).toEqual([escapeHtml(shown)]);
    expect(texts(item, 'link')).toEqual(['https://ns.example/articles/odd.one_1']);
    expect(texts(item, 'dc:creator')).toEqual(['O’Neill & Söhne', 'A/B']);
    expect(texts(item, 'category')).toEqual(['Neuroscience', 'R&D']);
    expect(texts(item, 'dc:source')).toEqual(['eLife https://x.org/?a=1&b=2']);
    expect(texts(item, 'dc:rights')).toEqual([
      'CC BY 4.0 https://creativecommons.org/licenses/by/4.0/',
    ]);
    expect(text).not.toContain('CDATA');
    expect(text).not.toContain('\ufffe');
  });

  it('of an empty section is valid, of an unknown one a 404', async () => {
    await base.art.ensSect('Empty');
    const answer = await site.ask('GET', '/sections/empty/feed.xml');
    expect(answer.status).toBe(200);
    expect(all(channelOf(answer.text), 'item')).toEqual([]);
    expect(answer.headers.get('last-modified')).toBeNull();
    expect(await site.ask('GET', '/sections/nowhere/feed.xml')).toMatchObject({
      status: 404,
      body: { code: 'section_not_found' },
    });
  });

  it('is not sent again to who has it, and is when an article goes', async () => {
    const first = await site.ask('GET', '/feed.xml');
    const [etag, date] = [
      first.headers.get('etag') ?? '',
      first.headers.get('last-modified') ?? '',
    ];
    expect(etag).toMatch(/^"[\w-]{20,}"$/);
    expect(date).toBe('Sun, 01 Mar 2026 12:00:00 GMT');
    const again = async (headers: Record<string, string>) =>
      (await site.ask('GET', '/feed.xml', { headers })).status;
    expect(await again({ 'if-none-match': etag })).toBe(304);
    expect(await again({ 'if-none-match': `"x", W/${etag}` })).toBe(304);
    expect(await again({ 'if-modified-since': date })).toBe(304);
    const unchanged = await site.ask('GET', '/feed.xml', { headers: { 'if-none-match': etag } });
    expect([unchanged.text, unchanged.headers.get('etag')]).toEqual(['', etag]);
    base.clock.now = new Date('2026-03-01T12:00:05Z');
    await published(base, { artRef: 'brief' });
    const between = await site.ask('GET', '/feed.xml');
    must(await base.art.wdrArt('brief', 2));
    const headers = { 'if-modified-since': between.headers.get('last-modified') ?? '' };
    const after = await site.ask('GET', '/feed.xml', { headers });
    expect(after.status).toBe(200);
    expect(after.text).not.toContain('brief');
  });

  it('answers HEAD as GET without a body', async () => {
    const get = await site.ask('GET', '/feed.xml');
    const head = await site.ask('HEAD', '/feed.xml');
    expect([head.status, head.text, head.headers.get('content-length')]).toEqual([
      200,
      '',
      get.headers.get('content-length'),
    ]);
  });
});

describe('an author', () => {
  it('has a sum and pages of published work', async () => {
    const first = await site.ask('GET', '/api/v1/authors/Carl%20Sagan?limit=30');
    expect(first.body).toMatchObject({
      name: 'Carl Sagan',
      articleCount: 31,
      firstPublishedAt: '2026-01-01T08:05:09.000Z',
      lastPublishedAt: '2026-01-31T08:05:09.000Z',
      topics: [
        { name: 'Atmosphere', articleCount: 31 },
        { name: 'Optics', articleCount: 31 },
      ],
      url: '/authors/Carl%20Sagan',
    });
    const rest = await site.ask(
      'GET',
      `/api/v1/authors/Carl%20Sagan?limit=30&cursor=${z.string().parse(first.body['nextCursor'])}`,
    );
    expect(itemsOf(rest.body).map(({ id }) => id)).toEqual(['art-1']);
    expect(rest.body['nextCursor']).toBeNull();
  });

  it('may have a slash in the name, and may be unknown', async () => {
    expect((await site.ask('GET', '/api/v1/authors/A%2FB')).body['articleCount']).toBe(1);
    expect(await site.ask('GET', '/api/v1/authors/Nobody')).toMatchObject({
      status: 404,
      body: { code: 'author_not_found' },
    });
    expect((await site.ask('GET', '/api/v1/authors/%00')).status).toBe(404);
    expect((await site.ask('GET', '/api/v1/authors/Carl%20Sagan?cursor=x')).body['code']).toBe(
      'cursor_invalid',
    );
  });
});
