import { once } from 'node:events';
import { get, IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import pg from 'pg';
import { z } from 'zod';
import { editor, startMonolith } from './monolith.ts';
import type { TestMonolith } from './monolith.ts';
import { createContent } from './page-content.ts';
import type { Content } from './page-content.ts';
import { createVisitor, linksWith, textOf } from './page-visitor.ts';
import type { Visitor } from './page-visitor.ts';

let site: TestMonolith;
let content: Content;
let visitor: Visitor;
let published: string;

const browser = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0' };

beforeAll(async () => {
  site = await startMonolith();
  content = await createContent(site);
  visitor = createVisitor(site.url);
  published = await content.published({
    title: 'Listening to a tremor of spacetime',
    kicker: 'Gravity',
    summary: 'How the first wave was caught.',
    body: 'The first paragraph.\n\nHow it was measured\n\nThe last paragraph.',
    authors: ['Eszter Valkó', 'Daniel Tamahori'],
    topics: ['Astronomy', 'Physics'],
    source: { name: 'The Journal', url: 'https://journal.example/1' },
    licence: { name: 'CC BY 4.0', url: 'https://creativecommons.org/licenses/by/4.0/' },
  });
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

describe('an article', () => {
  it('stands there with all that belongs to it', async () => {
    const html = await visitor.page(`/articles/${published}`);
    const text = textOf(html);
    for (const part of [
      'Space and physics Gravity Listening to a tremor of spacetime How the first wave was caught.',
      'By Eszter Valkó and Daniel Tamahori',
      'The first paragraph. How it was measured The last paragraph.',
      'Source: The Journal',
      'Licence: CC BY 4.0',
    ]) {
      expect(text).toContain(part);
    }
    expect(html).toContain('<h2>How it was measured</h2>');
    expect(linksWith(html, 'The Journal')).toEqual(['https://journal.example/1']);
    expect(linksWith(html, 'CC BY 4.0')).toEqual(['https://creativecommons.org/licenses/by/4.0/']);
    expect(linksWith(html, 'Physics')).toContain('/topics/Physics');
    expect(linksWith(html, 'Eszter Valkó')).toEqual([
      `/authors/${encodeURIComponent('Eszter Valkó')}`,
    ]);
    expect(html).toMatch(/<time datetime="\d{4}-\d\d-\d\dT/);
  });

  it('is found from the front page, its section, its topics and its authors', async () => {
    for (const path of [
      '/',
      '/sections/space-and-physics',
      '/topics/Physics',
      '/authors/Daniel%20Tamahori',
    ]) {
      expect(linksWith(await visitor.page(path), 'tremor of spacetime')).toContain(
        `/articles/${published}`,
      );
    }
  });

  it('is not there for the public as long as it is a draft, under embargo or withdrawn', async () => {
    const draft = await content.draft({
      title: 'Secret draft',
      topics: ['Secrecy'],
      authors: ['Nobody Yet'],
    });
    const embargoed = await content.draft({
      title: 'Secret embargo',
      topics: ['Secrecy'],
      authors: ['Nobody Yet'],
    });
    await content.act(embargoed.id, 1, 'schedule', { embargoUntil: '2100-01-01T06:00:00Z' });
    const withdrawn = await content.published({
      title: 'Secret withdrawal',
      topics: ['Secrecy'],
      authors: ['Nobody Yet'],
    });
    await content.act(withdrawn, 2, 'withdraw');

    for (const [id, status] of [
      [draft.id, 404],
      [embargoed.id, 404],
      [withdrawn, 410],
    ] as const) {
      const page = await visitor.ask(`/articles/${id}`);
      expect({ id, status: page.status }).toEqual({ id, status });
      expect(page.html).not.toContain('Secret');
    }
    for (const path of ['/', '/most-read', '/sections/space-and-physics']) {
      expect(await visitor.page(path)).not.toContain('Secret');
    }
    for (const path of ['/topics/Secrecy', '/authors/Nobody%20Yet']) {
      expect((await visitor.ask(path)).status).toBe(404);
    }

    const desk = createVisitor(site.url);
    await desk.logIn(editor.email);
    for (const [id, notice] of [
      [draft.id, 'This is a draft.'],
      [embargoed.id, 'under embargo until 1 January 2100 at 06:00 UTC'],
      [withdrawn, 'This article is withdrawn.'],
    ] as const) {
      const page = await desk.ask(`/articles/${id}`);
      expect(textOf(page.html)).toContain(notice);
      expect(page.html).toContain('noindex');
      expect(page.headers.get('cache-control')).toBe('no-store');
    }
  });

  it('counts when somebody reads it, and not for robots or HEAD', async () => {
    site.startJobs();
    const id = await content.published({ title: 'Read by three' });
    const views = async () =>
      (
        await site.query<{ views: string }>(
          'SELECT coalesce(sum(cnt), 0) AS views FROM art_hit JOIN art USING (art_id) WHERE art_ref = $1',
          [id],
        )
      )[0]?.views;
    for (let reader = 0; reader < 3; reader += 1)
      await visitor.ask(`/articles/${id}`, { headers: browser });
    await visitor.ask(`/articles/${id}`, { method: 'HEAD', headers: browser });
    await visitor.ask(`/articles/${id}`, { headers: { 'user-agent': 'Googlebot/2.1' } });
    await eventually(async () => expect(await views()).toBe('3'));
    expect(textOf(await visitor.page('/most-read'))).toContain('Read by three');
    expect(textOf(await visitor.page('/'))).toContain('Most read today');
  });

  it('unfolds the authors of a paper that has hundreds', async () => {
    const authors = Array.from({ length: 120 }, (_, index) => `Author ${index}`);
    const html = await visitor.page(
      `/articles/${await content.published({ title: 'Many hands', authors })}`,
    );
    expect(html).toMatch(/<details class="more-authors"><summary>and 112 other authors/);
    expect(linksWith(html, 'Author 119')).toEqual(['/authors/Author%20119']);
    expect(textOf(await visitor.page('/sections/space-and-physics'))).toContain(
      'Author 0, Author 1 and 118 others',
    );
  });
});

describe('lists', () => {
  it('go on from page to page without gap or repetition', async () => {
    const titles = Array.from({ length: 45 }, (_, index) => `Paged ${index}.`);
    for (const title of titles)
      await content.published({ title, topics: ['Paging'], section: 'neuroscience' });
    for (const start of ['/topics/Paging', '/sections/neuroscience']) {
      const seen: string[] = [];
      let path: string | undefined = start;
      let pages = 0;
      while (path !== undefined) {
        const html: string = await visitor.page(path);
        seen.push(...(html.match(/Paged \d+\./g) ?? []));
        path = linksWith(html, 'Older articles')[0];
        if (path !== undefined) expect(html).toContain('<link rel="next" href="');
        if (pages > 0) expect(linksWith(html, 'Back to the newest')).toEqual([start]);
        pages += 1;
      }
      expect(pages).toBe(3);
      expect([...seen].sort()).toEqual([...titles].sort());
    }
  });

  it('say so when the cursor belongs elsewhere', async () => {
    expect((await visitor.ask('/topics/Astronomy?cursor=abc')).status).toBe(400);
  });

  it('take names with slashes, percent signs, plus signs, quotes and any script', async () => {
    const names = ['AC/DC', '100% + more', '日本語', "O'Brien & <Sons>", 'a?b#c', 'Ünïcödé "q"'];
    const id = await content.published({ title: 'Odd names', topics: names, authors: names });
    const html = await visitor.page(`/articles/${id}`);
    for (const name of names) {
      for (const kind of ['topics', 'authors']) {
        const path = `/${kind}/${encodeURIComponent(name)}`;
        expect(linksWith(html, name)).toContain(path);
        expect(textOf(await visitor.page(path))).toContain(
          `${kind === 'topics' ? 'Topic' : 'Author'} ${name}`,
        );
      }
    }
  });
});

describe('what is not there', () => {
  it('is a page for people and a problem for programs', async () => {
    for (const path of [
      '/nothing',
      '/articles/nope',
      '/sections/nope',
      '/topics/nope',
      '/authors/nope',
      '/unsubscribe/nope',
      '/topics/%00',
      '/assets/x/nope.css',
      '/pictures/x/nope.png',
    ]) {
      const { status, html, headers } = await visitor.ask(path);
      expect({ path, status }).toEqual({ path, status: 404 });
      expect(headers.get('cache-control')).toBe('no-store');
      expect(textOf(html)).toContain('Nothing is here');
    }
    for (const path of [
      '/api/v1/nothing',
      '/api/v1/articles/nope',
      '/sections/nope/feed.xml',
      '/health/nothing',
    ]) {
      const { status, headers } = await visitor.ask(path);
      expect({ path, status }).toEqual({ path, status: 404 });
      expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    }
  });

  it('names the methods that there are', async () => {
    const { status, headers, html } = await visitor.ask('/most-read', { method: 'DELETE' });
    expect(status).toBe(405);
    expect(headers.get('allow')).toBe('GET, HEAD');
    expect(textOf(html)).toContain('That does not work here');
  });

  it('is a page too where the address is broken', async () => {
    const { status, headers } = await visitor.ask('/topics/%E0%A4%A');
    expect(status).toBe(400);
    expect(headers.get('content-type')).toMatch(/^text\/html/);
  });

  it('leads to the log-in where one is needed, and back', async () => {
    for (const path of [
      '/account',
      '/desk',
      '/desk/new',
      '/desk/comments',
      '/desk/articles/x?y=1',
    ]) {
      const { status, location } = await visitor.ask(path);
      expect({ status, location }).toEqual({
        status: 303,
        location: `/login?next=${encodeURIComponent(path)}`,
      });
    }
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

describe('without its database', () => {
  let own: TestMonolith;
  beforeAll(async () => {
    own = await startMonolith();
  });
  afterAll(() => own.close());

  it('every page says that it will be back, with all that can be shown without', async () => {
    const someone = createVisitor(own.url);
    await someone.page('/');
    // Nobody can be shut out of the database that is asked to do it.
    const server = new URL(own.database.adminUrl);
    server.pathname = '/postgres';
    const admin = new pg.Client({ connectionString: server.href });
    admin.on('error', () => undefined);
    await admin.connect();
    const { name } = own.database;
    const allow = (yes: boolean) => `ALTER DATABASE ${name} ALLOW_CONNECTIONS ${String(yes)}`;
    try {
      await admin.query(allow(false));
      await admin.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()',
        [name],
      );
      const { status, html, headers } = await someone.ask('/');
      expect(status).toBe(503);
      expect(headers.get('content-type')).toMatch(/^text\/html/);
      expect(headers.get('retry-after')).toMatch(/^[1-9]/);
      expect(textOf(html)).toContain('We will be right back');
      expect((await someone.ask('/assets/x/style.css')).status).toBe(200);
    } finally {
      await admin.query(allow(true));
      await admin.end();
    }
    await eventually(async () => expect((await someone.ask('/')).status).toBe(200));
  });
});
