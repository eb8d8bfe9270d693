import { beforeAll, describe, expect, it } from '@jest/globals';
import { apiClient } from './api.ts';
import { runningSite } from './site.ts';
import { articleAbout, bodyOf, published } from './support/newsroom.ts';
import { known, newReader, type Person, rareWord } from './support/people.ts';
import { csrfOf, logIn, mainOf, type Page, type Visitor, visitor } from './support/visitor.ts';

const site = runningSite();
const anyone = apiClient(site.url);

const injections = [
  '<script>alert(1)</script>',
  '"><svg/onload=alert(1)>',
  `' onmouseover='alert(1)`,
  '</textarea><script>alert(1)</script>',
  '</title><img src=x onerror=alert(1)>',
  ']]><script>alert(1)</script>',
  '<!--<script>alert(1)</script>-->',
  '&lt;script&gt;&#60;b&#62;',
];

/** Nothing of an injection may stand in the source as it was sent. */
function expectHarmless(source: string, injection: string, where: string): void {
  const isFeed = where.endsWith('.xml'); // where quotes are harmless in a text
  const raw = source.includes(injection) && !(isFeed && !injection.includes('<'));
  expect({ where, raw }).toEqual({ where, raw: false });
  const alive = /<script>alert|<svg\/onload|<img src=x|\{\{49\}\}|javascript:alert/.exec(
    source,
  )?.[0];
  expect({ where, alive }).toEqual({ where, alive: undefined });
}

let editor: Person;
let desk: Visitor;
let reader: Person;

beforeAll(async () => {
  reader = await newReader(site.url);
  editor = await known(site.url, site.credentials.editor);
  desk = await logIn(site.url, site.credentials.editor);
});

describe('script injection', () => {
  it.each(injections)(
    'stored in every text of an article and its comments: %s',
    async (injection) => {
      const word = rareWord();
      const text = `${word} ${injection}`;
      const input = articleAbout(word, {
        title: text,
        kicker: text,
        summary: text,
        body: `${text}\n\n${text}`,
        authors: [text],
        topics: [text],
        keywords: [text],
        type: text,
        bodyKind: text,
        source: { name: text, url: 'https://example.org/"><script>alert(1)</script>' },
        licence: { name: text, url: "https://example.org/' onclick='alert(1)" },
      });
      const created = await editor.call('POST', '/api/v1/articles', input);
      if (created.status === 400) {
        // Refused is as good as escaped, where it is said which field was wrong.
        expect(created.json).toMatchObject({
          code: 'validation_failed',
          faults: expect.any(Array),
        });
      }
      const harmless = { source: null, licence: null };
      const plain = articleAbout(word, { summary: text, body: text, authors: [word], ...harmless });
      const article =
        created.status === 201
          ? bodyOf<{ id: string; revision: number }>(created)
          : await published(editor, plain);
      if (created.status === 201)
        await editor.call('POST', `/api/v1/articles/${article.id}/publish`, undefined, {
          'if-match': `"${article.revision}"`,
        });
      const comments = `/api/v1/articles/${article.id}/comments`;
      expect((await reader.call('POST', comments, { text })).status).toBe(201);
      const topic = encodeURIComponent(text);
      const pages = [
        `/articles/${article.id}`,
        '/',
        '/sections/technology',
        `/topics/${topic}`,
        `/authors/${topic}`,
        `/desk/articles/${article.id}`,
        '/desk?state=all',
        '/most-read',
        '/feed.xml',
        '/sections/technology/feed.xml',
        '/account',
        '/search',
      ];
      for (const path of pages) {
        const { html, status } = await desk.get(path);
        expect(status).toBeLessThan(500);
        expectHarmless(html, injection, path);
      }
    },
  );

  it.each(injections)('stored in the name of an account: %s', async (injection) => {
    const account = { email: `${rareWord()}@example.org`, password: 'lantern gravel eleven' };
    const name = injection.slice(0, 80);
    const registered = await anyone('POST', '/api/v1/accounts', { ...account, name });
    expect([202, 400]).toContain(registered.status);
    if (registered.status === 400) return; // refused is as good as escaped
    const named = await known(site.url, account);
    const article = await published(editor, articleAbout(rareWord()));
    await named.call('POST', `/api/v1/articles/${article.id}/comments`, { text: 'Hello' });
    const session = await logIn(site.url, account);
    for (const path of [`/articles/${article.id}`, '/account', '/'])
      expectHarmless((await session.get(path)).html, injection, path);
  });

  it.each(injections)('reflected by every page: %s', async (injection) => {
    const encoded = encodeURIComponent(injection);
    const paths = [
      `/search?q=${encoded}`,
      `/login?next=${encoded}`,
      `/login?next=/${encoded}`,
      `/register?next=/${encoded}`,
      `/${encoded}`,
      `/articles/${encoded}`,
      `/sections/${encoded}`,
      `/topics/${encoded}`,
      `/authors/${encoded}`,
      `/unsubscribe/${encoded}`,
      `/desk?state=${encoded}&whose=${encoded}`,
      `/desk/articles/${encoded}`,
      `/sections/technology?cursor=${encoded}`,
      `/account?done=${encoded}&message=${encoded}&error=${encoded}`,
      `/?${encoded}=${encoded}`,
      `/sections/${encoded}/feed.xml`,
      `/pictures/technology/${encoded}.svg`,
    ];
    for (const path of paths) {
      const { html, status } = await desk.get(path);
      expect({ path, status: status < 500 }).toEqual({ path, status: true });
      expectHarmless(html, injection, path);
    }
  });

  it.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'JaVaScRiPt:alert(1)',
    ' javascript:alert(1)',
    '//evil.example',
  ])('links of the scheme %s are refused or not shown', async (url) => {
    for (const field of ['source', 'licence']) {
      const input = articleAbout(rareWord(), { [field]: { name: 'x', url } });
      const created = await editor.call('POST', '/api/v1/articles', input);
      expect({ field, status: created.status }).toEqual({ field, status: 400 });
    }
  });
});

const forms: [page: string, action: string, fields: string[]][] = [
  ['/login', '/login', ['email', 'password', 'next']],
  ['/register', '/register', ['name', 'email', 'password', 'next']],
  ['/account', '/account/follow', ['section', 'topic']],
  ['/account', '/account/mail', ['active', 'mail']],
  [
    '/desk/new',
    '/desk/new',
    ['title', 'summary', 'body', 'section', 'authors', 'topics', 'sourceUrl', 'related'],
  ],
];

describe('forms', () => {
  const values = ['', '\u0000', 'a\u0000b', '\ud800', 'x'.repeat(20_000), ...injections];

  async function sent(
    who: Visitor,
    page: string,
    action: string,
    fields: Record<string, string>,
  ): Promise<Page> {
    return who.submit(page, action, fields);
  }

  it.each(forms)(
    '%s → %s takes anything without breaking, and gives it back escaped',
    async (page, action, fields) => {
      const person =
        page === '/account'
          ? await logIn(site.url, reader)
          : page === '/desk/new'
            ? desk
            : visitor(site.url);
      for (const value of values) {
        const all = Object.fromEntries(fields.map((name) => [name, value]));
        const answer = await sent(person, page, action, all);
        const what = `${action} ${JSON.stringify(value.slice(0, 40))}`;
        expect({ what, ok: answer.status < 500 }).toEqual({ what, ok: true });
        if (answer.status !== 303)
          expect(answer.headers.get('content-type')).toMatch(/^text\/html/);
        if (injections.includes(value)) expectHarmless(mainOf(answer.html), value, what);
      }
    },
  );

  it('answers a body that is too large, of another kind or broken with a page', async () => {
    const token = csrfOf((await desk.get('/desk/new')).html) ?? '';
    const big = await desk.post('/desk/new', { _csrf: token, body: 'x'.repeat(9_000_000) });
    expect(big.status).toBe(413);
    expect(big.headers.get('content-type')).toMatch(/^text\/html/);
    for (const type of [
      'text/plain',
      'application/json',
      'multipart/form-data',
      'application/xml',
    ]) {
      const { status, headers } = await desk.post(
        '/login',
        { _csrf: token },
        { 'content-type': type },
      );
      expect({ type, refused: status >= 400 && status < 500 }).toEqual({ type, refused: true });
      expect(headers.get('content-type')).toMatch(/^text\/html/);
    }
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`a${n}`, '1']));
    expect((await desk.post('/login', { _csrf: token, ...many })).status).toBeLessThan(500);
    const odd = {
      '_csrf[]': token,
      'email[a][b]': 'x',
      __proto__x: '1',
      'constructor[prototype][x]': '1',
    };
    expect((await desk.post('/login', odd)).status).toBe(403);
  });

  it.each(['%00', '%ff', '%', '..%2f', '%ed%a0%80', '%0d%0aX-Injected:%201'])(
    'an address with %s',
    async (part) => {
      const paths = [
        '/articles/',
        '/sections/',
        '/topics/',
        '/authors/',
        '/unsubscribe/',
        '/desk/articles/',
        '/pictures/technology/',
        '/assets/',
        '/',
      ];
      for (const path of paths) {
        const { status, headers } = await desk.get(path + part);
        expect({ path, ok: status < 500 }).toEqual({ path, ok: true });
        expect(headers.get('x-injected')).toBeNull();
      }
      for (const query of ['cursor', 'state', 'whose', 'q', 'next', 'done'])
        for (const path of [
          '/',
          '/sections/technology',
          '/desk',
          '/search',
          '/login',
          '/account',
        ]) {
          const { status } = await desk.get(`${path}?${query}=${part}`);
          expect({ path, query, ok: status < 500 }).toEqual({ path, query, ok: true });
        }
    },
  );
});
