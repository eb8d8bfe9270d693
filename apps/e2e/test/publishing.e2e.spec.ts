import { beforeAll, describe, expect, it } from '@jest/globals';
import { apiClient } from './api.ts';
import { runningSite } from './site.ts';
import {
  type Article,
  articleAbout,
  bodyOf,
  drafted,
  moved,
  published,
} from './support/newsroom.ts';
import { known, newReader, type Person, rareWord } from './support/people.ts';
import { visitor } from './support/visitor.ts';

const site = runningSite();
const anyone = apiClient(site.url);
let editor: Person;
let operator: Person;

beforeAll(async () => {
  editor = await known(site.url, site.credentials.editor);
  operator = await known(site.url, site.credentials.operator);
});

type List = { items: { id: string; title: string }[]; nextCursor: string | null };
const page = async (path: string): Promise<List> => bodyOf<List>(await anyone('GET', path));

describe('lists', () => {
  it('by cursor neither skip nor repeat, also while articles are published and withdrawn', async () => {
    const word = rareWord();
    const made: Article[] = [];
    for (let n = 0; n < 9; n += 1)
      made.push(await published(editor, articleAbout(word, { title: `${word} ${n}` })));
    const path = `/api/v1/articles?topic=${encodeURIComponent(`Topic ${word}`)}&limit=2`;
    const seen: string[] = [];
    let next: string | null = '';
    while (next !== null) {
      const { items, nextCursor }: List = await page(
        `${path}${next === '' ? '' : `&cursor=${next}`}`,
      );
      seen.push(...items.map(({ id }) => id));
      next = nextCursor;
      if (seen.length === 4) {
        await published(editor, articleAbout(word, { title: 'new at the head' }));
        const [gone] = made;
        if (gone !== undefined) await moved(editor, gone, 'withdraw');
      }
    }
    const expected = made.map(({ id }) => id).reverse();
    expect(seen).toEqual(expected.slice(0, -1));
  });

  it.each([1, 100])('take a limit of %d, and say no to one beyond', async (limit) => {
    expect((await page(`/api/v1/articles?limit=${limit}`)).items.length).toBeLessThanOrEqual(limit);
    expect((await anyone('GET', `/api/v1/articles?limit=${limit === 1 ? 0 : 101}`)).status).toBe(
      400,
    );
  });
});

describe('the size of a body', () => {
  it.each<[string, string, number]>([
    ['512 KB', 'x'.repeat(524_288), 201],
    ['512 KB and one byte', 'x'.repeat(524_289), 400],
    ['512 KB of two-byte letters', 'é'.repeat(262_144), 201],
    ['one letter more', 'é'.repeat(262_145), 400],
  ])('%s', async (_what, body, status) => {
    const answer = await editor.call(
      'POST',
      '/api/v1/articles',
      articleAbout(rareWord(), { body }),
    );
    expect(answer.status).toBe(status);
    if (status === 400) expect(answer.text).toContain('/body');
    else expect(bodyOf<Article>(answer).body).toBe(body);
  });

  it('shows a big body in paragraphs, the text as it was written', async () => {
    const body = 'One & <two>.\n\nThree\u00a0four, CO₂ 10⁵ 😀.\n\n“Five”';
    const article = await published(editor, articleAbout(rareWord(), { body }));
    const { html } = await visitor(site.url).get(article.url);
    const text = html.replaceAll('&amp;', '&').replaceAll('&lt;', '<').replaceAll('&gt;', '>');
    for (const paragraph of body.split('\n\n')) expect(text).toContain(paragraph);
  });
});

describe('the steps of an article', () => {
  it('cannot be taken in a wrong order', async () => {
    const draft = await drafted(editor, articleAbout(rareWord()));
    expect((await moved(editor, draft, 'withdraw')).status).toBe(409);
    const live = bodyOf<Article>(await moved(editor, draft, 'publish'));
    const later = { embargoUntil: '2999-01-01T00:00:00.000Z' };
    expect((await moved(editor, live, 'publish')).status).toBe(409);
    expect((await moved(editor, live, 'schedule', later)).status).toBe(409);
    const empty = await drafted(editor, articleAbout(rareWord(), { body: '', authors: [] }));
    expect((await moved(editor, empty, 'publish')).json).toMatchObject({
      status: 409,
      code: 'article_incomplete',
    });
    for (const embargoUntil of [
      'yesterday',
      '2999-13-01T00:00:00Z',
      '9999999-01-01T00:00:00Z',
      '2999-01-01',
      1e20,
      null,
    ])
      expect(
        (
          await moved(editor, await drafted(editor, articleAbout(rareWord())), 'schedule', {
            embargoUntil: embargoUntil as string,
          })
        ).status,
      ).toBe(400);
  });

  it('an embargoed article can be moved, published early or withdrawn', async () => {
    const steps: [(scheduled: Article) => Promise<unknown>, string][] = [
      [(scheduled) => moved(editor, scheduled, 'publish'), 'published'],
      [(scheduled) => moved(editor, scheduled, 'withdraw'), 'withdrawn'],
      [
        (scheduled) =>
          moved(editor, scheduled, 'schedule', { embargoUntil: '2999-02-02T00:00:00.000Z' }),
        'embargoed',
      ],
    ];
    for (const [step, status] of steps) {
      const draft = await drafted(editor, articleAbout(rareWord()));
      const scheduled = await moved(editor, draft, 'schedule', {
        embargoUntil: '2999-01-01T00:00:00.000Z',
      });
      await step(bodyOf<Article>(scheduled));
      const after = await editor.call('GET', `/api/v1/articles/${draft.id}`);
      if (after.status !== 410) expect(after.json).toMatchObject({ status });
      // What was never public may be denied altogether.
      const open = status === 'published' ? [200] : [404, 410];
      expect(open).toContain((await anyone('GET', `/api/v1/articles/${draft.id}`)).status);
    }
  });

  it('a contributor writes and does not publish', async () => {
    const person = await newReader(site.url, 'Contributor');
    const { id } = bodyOf<{ id: string }>(await person.call('GET', '/api/v1/me'));
    await operator.call('PUT', `/api/v1/accounts/${id}/role`, { role: 'contributor' });
    const contributor = await known(site.url, person);
    const own = await drafted(contributor, articleAbout(rareWord()));
    const foreign = await drafted(editor, articleAbout(rareWord()));
    expect((await moved(contributor, own, 'publish')).status).toBe(403);
    expect([403, 404]).toContain(
      (await contributor.call('GET', `/api/v1/articles/${foreign.id}`)).status,
    );
    const put = contributor.call('PUT', `/api/v1/articles/${foreign.id}`, articleAbout('x'), {
      'if-match': '"1"',
    });
    expect([403, 404]).toContain((await put).status);
  });
});

describe('feeds', () => {
  it.each(['/feed.xml', '/sections/technology/feed.xml'])('%s is RSS 2.0', async (path) => {
    await published(
      editor,
      articleAbout(rareWord(), {
        title: 'Less < more & "quoted" \u0007 ]]> 😀'.replace('\u0007', ''),
      }),
    );
    const { text, headers } = await anyone('GET', path);
    expect(headers.get('content-type')).toMatch(/^application\/rss\+xml/);
    expect(text).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>\s*<rss version="2\.0"/i);
    expect(text).toMatch(/<atom:link [^>]*rel="self"/);
    for (const name of ['title', 'link', 'description', 'lastBuildDate'])
      expect(text).toMatch(new RegExp(`<${name}>[^<]+</${name}>`));
    const items = text.split('<item>').slice(1);
    expect(items.length).toBeGreaterThan(1);
    for (const item of items) {
      expect(item).toMatch(/<link>http[^<]+\/articles\/[^<]+<\/link>/);
      expect(item).toMatch(/<guid[^>]*>[^<]+<\/guid>/);
      const date = /<pubDate>([^<]+)<\/pubDate>/.exec(item)?.[1] ?? '';
      expect(date).toMatch(
        /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} (GMT|\+0000)$/,
      );
      expect(new Date(date).toUTCString()).toBe(date.replace('+0000', 'GMT'));
    }
    expect(unclosed(text)).toEqual([]);
    const guids = items.map((item) => /<guid[^>]*>([^<]+)/.exec(item)?.[1]);
    expect(new Set(guids).size).toBe(guids.length);
  });

  it('knows what a reader has already', async () => {
    const first = await anyone('GET', '/feed.xml');
    const etag = first.headers.get('etag') ?? '';
    expect((await anyone('GET', '/feed.xml', undefined, { 'if-none-match': etag })).status).toBe(
      304,
    );
    await published(editor, articleAbout(rareWord()));
    expect((await anyone('GET', '/feed.xml', undefined, { 'if-none-match': etag })).status).toBe(
      200,
    );
  });
});

/** Tags that are not closed, and characters that XML does not allow. */
function unclosed(xml: string): string[] {
  const open: string[] = [];
  const faults =
    /[\u0000-\u0008\u000b\u000c\u000e-\u001f]|&(?!(amp|lt|gt|quot|apos|#\d+|#x[\da-f]+);)/i
      .exec(xml)
      ?.slice(0, 1) ?? [];
  for (const [, close, name = '', , empty] of xml.matchAll(
    /<(\/?)([\w:]+)((?:\s[^<>]*?)?)(\/?)>/g,
  )) {
    if (close === '/') {
      if (open.pop() !== name) faults.push(`</${name}>`);
    } else if (empty !== '/') open.push(name);
  }
  return [...faults, ...open];
}
