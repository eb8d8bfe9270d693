import { once } from 'node:events';
import { get, IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { startMonolith } from './monolith.ts';
import type { TestMonolith } from './monolith.ts';
import { createContent, exampleArticle } from './page-content.ts';
import { createVisitor } from './page-visitor.ts';
import type { Visitor } from './page-visitor.ts';

let site: TestMonolith;
let visitor: Visitor;
let published: string;

beforeAll(async () => {
  site = await startMonolith();
  visitor = createVisitor(site.url);
  published = await (await createContent(site)).published(exampleArticle);
});
afterAll(() => site.close());

describe('every page', () => {
  const paths = () => [
    '/',
    '/most-read',
    '/search',
    '/search?q=waves',
    '/register',
    '/login',
    `/articles/${published}`,
    '/sections/space-and-physics',
    '/sections/neuroscience',
    '/topics/Astronomy',
    `/authors/${encodeURIComponent('Eszter Valkó')}`,
  ];

  it('answers with a document that has a title, a heading, landmarks and a way past the navigation', async () => {
    for (const path of paths()) {
      const { status, html, headers } = await visitor.ask(path);
      expect({ path, status }).toEqual({ path, status: 200 });
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(html).toMatch(/<title>[^<]+<\/title>/);
      expect(html.match(/<h1[ >]/g)).toHaveLength(1);
      expect(html).toContain('<a class="skip" href="#content">');
      expect(html).toMatch(/<main id="content"/);
      expect(html).toMatch(/<footer/);
    }
  });

  it('has a strict policy, and nothing in it that the policy would stop', async () => {
    for (const path of [...paths(), '/nothing/here']) {
      const { html, headers } = await visitor.ask(path);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      );
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('same-origin');
      expect(html).not.toMatch(/<script(?![^>]* src="\/assets\/)/);
      expect(html).not.toMatch(/<style|<[^>]+ style=|<[^>]+ on[a-z]+=|javascript:/i);
    }
  });

  it('says what is the address that counts, and which pages are not for search engines', async () => {
    expect(await visitor.page(`/articles/${published}?done=commented`)).toContain(
      `<link rel="canonical" href="http://127.0.0.1:8080/articles/${published}">`,
    );
    for (const path of ['/search?q=waves', '/nothing']) {
      expect((await visitor.ask(path)).html).toContain('<meta name="robots" content="noindex">');
    }
  });

  it('is not sent again when nothing changed, and never kept by anybody in between', async () => {
    const { headers } = await visitor.ask(`/articles/${published}`);
    expect(headers.get('cache-control')).toBe('private, no-cache');
    expect(headers.get('vary')).toContain('Cookie');
    // fetch would ask for a fresh answer as soon as it is given the header by hand.
    const etag = headers.get('etag') ?? '';
    const asked = get(`${site.url}/articles/${published}`, { headers: { 'if-none-match': etag } });
    const [again] = z.tuple([z.instanceof(IncomingMessage)]).parse(await once(asked, 'response'));
    again.resume();
    expect(again.statusCode).toBe(304);
  });

  it('gives visitors a cookie only where there is a form for them', async () => {
    for (const path of ['/', `/articles/${published}`, '/search', '/nothing']) {
      expect((await visitor.ask(path)).headers.getSetCookie()).toEqual([]);
    }
    expect((await createVisitor(site.url).ask('/login')).headers.getSetCookie()).toHaveLength(1);
  });
});

describe('files', () => {
  it('are kept for ever under the name that a page gives them, and checked under any other', async () => {
    const html = await visitor.page('/search');
    for (const pattern of [/href="(\/assets\/[^"]+\.css)"/, /src="(\/assets\/[^"]+\.js)"/]) {
      const path = pattern.exec(html)?.[1] ?? '';
      const { status, headers } = await visitor.ask(path);
      expect(status).toBe(200);
      expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      const older = await visitor.ask(path.replace(/\/assets\/[^/]+\//, '/assets/older/'));
      expect({ status: older.status, cache: older.headers.get('cache-control') }).toEqual({
        status: 200,
        cache: 'no-cache',
      });
    }
    for (const path of ['/favicon.svg', '/robots.txt'])
      expect((await visitor.ask(path)).status).toBe(200);
  });

  it('draws the same picture for the same article, and nothing that could run', async () => {
    const path =
      /src="(\/pictures\/[^"]+)"/.exec(await visitor.page(`/articles/${published}`))?.[1] ?? '';
    const [one, two] = [await visitor.ask(path), await visitor.ask(path)];
    expect(one.headers.get('content-type')).toBe('image/svg+xml; charset=utf-8');
    expect(one.html).toBe(two.html);
    expect(one.html).toMatch(/^<svg [^>]+>.*<\/svg>$/s);
    const hostile = await visitor.ask(
      `/pictures/${encodeURIComponent('"><script>')}/${encodeURIComponent('<script>alert(1)</script>')}.svg`,
    );
    expect(hostile.html).not.toContain('script');
    expect(hostile.headers.get('content-security-policy')).toBe(
      "default-src 'none'; frame-ancestors 'none'",
    );
  });
});
