import { setTimeout as sleep } from 'node:timers/promises';
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
  runBatch,
} from './support/newsroom.ts';
import { known, newReader, type Person, rareWord } from './support/people.ts';
import { mainOf, visitor } from './support/visitor.ts';

const site = runningSite();
const anyone = apiClient(site.url);
let editor: Person;
let operator: Person;
/** Two accounts for all, because the site takes only so many registrations from one address. */
let reader: Person;
let other: Person;

beforeAll(async () => {
  reader = await newReader(site.url);
  other = await newReader(site.url, 'Other');
  editor = await known(site.url, site.credentials.editor);
  operator = await known(site.url, site.credentials.operator);
});

/** Where a reader could come across an article, and what each place shows of it. */
function places(word: string, { id, url }: Article): [where: string, path: string, mark: string][] {
  const topic = encodeURIComponent(`Topic ${word}`);
  const author = encodeURIComponent(`Author ${word}`);
  return [
    ['its page', url, word],
    ['its API address', `/api/v1/articles/${id}`, word],
    ['the list of all', '/api/v1/articles?limit=50', id],
    ['the list of its section', '/api/v1/articles?section=technology&limit=50', id],
    ['the list of its topic', `/api/v1/articles?topic=${topic}`, id],
    ['the list of its author', `/api/v1/articles?author=${author}`, id],
    ['the front page', '/', id],
    ['its section page', '/sections/technology', id],
    ['its topic page', `/topics/${topic}`, id],
    ['its author page', `/authors/${author}`, id],
    ['the author API', `/api/v1/authors/${author}`, id],
    ['the feed', '/feed.xml', id],
    ['the feed of its section', '/sections/technology/feed.xml', id],
    ['the search', `/api/v1/search?q=${word}`, id],
    ['the topics', '/api/v1/topics?limit=500', word],
  ];
}

async function seenAt(
  word: string,
  article: Article,
  who: Pick<Person, 'call'> = { call: anyone },
): Promise<string[]> {
  const seen: string[] = [];
  for (const [where, path, mark] of places(word, article)) {
    const { status, text } = await who.call('GET', path);
    expect(status).toBeLessThan(500);
    if (status === 200 && mainOf(text).includes(mark)) {
      seen.push(where);
    }
  }
  return seen;
}

const everywhere = (word: string, article: Article): string[] =>
  places(word, article).map(([where]) => where);

describe('a reader', () => {
  let article: Article;
  const word = rareWord();

  beforeAll(async () => {
    article = await published(editor, articleAbout(word));
  });

  it('has an account of the role reader', async () => {
    const me = await reader.call('GET', '/api/v1/me');
    expect(me).toMatchObject({ status: 200, json: { role: 'reader', email: reader.email } });
  });

  it('comments, is answered, and the article counts both', async () => {
    const path = `/api/v1/articles/${article.id}/comments`;
    const first = await reader.call('POST', path, { text: 'Is that so?' });
    expect(first).toMatchObject({ status: 201, json: { status: 'visible', parentId: null } });
    const parentId = bodyOf<{ id: string }>(first).id;
    const reply = await other.call('POST', path, { text: 'It is.', parentId });
    expect(reply).toMatchObject({ status: 201, json: { parentId } });
    const nested = { text: 'Really?', parentId: bodyOf<{ id: string }>(reply).id };
    expect((await reader.call('POST', path, nested)).json).toMatchObject({
      status: 409,
      code: 'comment_reply_too_deep',
    });
    const listed = bodyOf<{ items: { text: string }[]; total: number }>(await anyone('GET', path));
    expect(listed.items.map(({ text }) => text)).toEqual(['Is that so?', 'It is.']);
    expect((await anyone('GET', `/api/v1/articles/${article.id}`)).json).toMatchObject({
      commentCount: 2,
    });
    const page = await visitor(site.url).get(article.url);
    expect(page.html).toContain('Is that so?');
    expect(page.html.indexOf('It is.')).toBeGreaterThan(page.html.indexOf('Is that so?'));
  });

  it('reports a comment, which an editor hides; deletes the own, not that of another', async () => {
    const path = `/api/v1/articles/${article.id}/comments`;
    const texts = { bad: `Nasty ${rareWord()}`, own: `Regretted ${rareWord()}` };
    const bad = bodyOf<{ id: string }>(await other.call('POST', path, { text: texts.bad })).id;
    const own = bodyOf<{ id: string }>(await reader.call('POST', path, { text: texts.own })).id;
    const report = () => reader.call('POST', `/api/v1/comments/${bad}/report`, { reason: 'rude' });
    expect((await report()).status).toBe(204);
    expect((await report()).status).toBe(409);
    expect((await editor.call('GET', '/api/v1/comments/reported')).text).toContain(bad);
    expect((await reader.call('GET', '/api/v1/comments/reported')).status).toBe(403);
    expect((await reader.call('POST', `/api/v1/comments/${bad}/hide`)).status).toBe(403);
    expect((await reader.call('DELETE', `/api/v1/comments/${bad}`)).status).toBe(403);
    expect((await editor.call('POST', `/api/v1/comments/${bad}/hide`)).status).toBe(204);
    expect((await reader.call('DELETE', `/api/v1/comments/${own}`)).status).toBe(204);
    for (const where of [path, article.url]) {
      const { text } = await anyone('GET', where);
      expect(text).not.toContain(texts.bad);
      expect(text).not.toContain(texts.own);
    }
    expect((await anyone('GET', `/api/v1/articles/${article.id}`)).json).toMatchObject({
      commentCount: 2,
    });
  });

  it('follows a topic and a section, and unfollows them', async () => {
    const topic = `/api/v1/me/subscriptions/topics/${encodeURIComponent(`Topic ${word}`)}`;
    const section = '/api/v1/me/subscriptions/sections/technology';
    for (const path of [topic, section, topic])
      expect((await reader.call('PUT', path)).status).toBe(204);
    expect((await reader.call('GET', '/api/v1/me/subscriptions')).json).toMatchObject({
      items: expect.arrayContaining([
        expect.objectContaining({ kind: 'topic', value: `Topic ${word}` }),
        expect.objectContaining({ kind: 'section', value: 'technology' }),
      ]),
    });
    const unknown = '/api/v1/me/subscriptions/topics/Nobody%20writes%20about%20this';
    expect((await reader.call('PUT', unknown)).status).toBe(404);
    expect((await reader.call('DELETE', section)).status).toBe(204);
    expect((await reader.call('DELETE', section)).status).toBe(404);
  });

  it('finds the article after a batch run, and not before', async () => {
    const search = `/api/v1/search?q=${word}`;
    expect((await anyone('GET', search)).json).toMatchObject({ items: [], total: 0 });
    expect(await runBatch(operator)).toMatchObject({ status: 'succeeded' });
    expect((await anyone('GET', search)).json).toMatchObject({
      items: [{ id: article.id, title: `A note on ${word}` }],
      total: 1,
      nextCursor: null,
    });
  });

  it('sees the article at all places, with authors, licence and source', async () => {
    expect(await seenAt(word, article)).toEqual(everywhere(word, article));
    const { html } = await visitor(site.url).get(article.url);
    for (const mark of [`Author ${word}`, 'Second Author', 'CC BY 4.0', `Source ${word}`])
      expect(html).toContain(mark);
    expect(html).toContain('href="https://example.org/source"');
    expect(html).toContain('href="https://creativecommons.org/licenses/by/4.0/"');
  });
});

describe('an editor', () => {
  it('drafts what nobody else sees, and publishes it', async () => {
    const word = rareWord();
    const draft = await drafted(editor, articleAbout(word));
    expect(draft).toMatchObject({ status: 'draft', revision: 1, publishedAt: null });
    expect(await seenAt(word, draft)).toEqual([]);
    expect(await seenAt(word, draft, reader)).toEqual([]);
    const comment = { text: 'I can see you' };
    const path = `/api/v1/articles/${draft.id}/comments`;
    expect((await reader.call('POST', path, comment)).status).toBe(404);
    expect((await reader.call('GET', path)).status).toBe(404);
    expect((await moved(reader, draft, 'publish')).status).toBe(403);
    expect((await moved(editor, draft, 'publish')).json).toMatchObject({ status: 'published' });
  });

  it('updates, and a write that knows an old revision is refused', async () => {
    const word = rareWord();
    const first = await published(editor, articleAbout(word));
    const put = (title: string, headers: Record<string, string>) =>
      editor.call('PUT', `/api/v1/articles/${first.id}`, articleAbout(word, { title }), headers);
    const match = { 'if-match': `"${first.revision}"` };
    const second = await put('Second', match);
    expect(second).toMatchObject({ status: 200, json: { revision: first.revision + 1 } });
    expect((await put('Third', match)).json).toMatchObject({
      status: 412,
      code: 'article_revision_conflict',
    });
    expect((await put('Third', {})).json).toMatchObject({ status: 428 });
    for (const odd of ['"999999999999999999999"', 'W/"1"', '"x"', '1 or 1=1', '""'])
      expect([400, 412]).toContain((await put('Third', { 'if-match': odd })).status);
    const answer = await anyone('GET', `/api/v1/articles/${first.id}`);
    expect(answer.json).toMatchObject({ title: 'Second' });
    expect(answer.headers.get('etag')).toBe(`"${first.revision + 1}"`);
  });

  it('of ten writes at once on the same revision exactly one is taken', async () => {
    const word = rareWord();
    const first = await published(editor, articleAbout(word));
    const writes = Array.from({ length: 10 }, (_, n) =>
      editor.call(
        'PUT',
        `/api/v1/articles/${first.id}`,
        articleAbout(word, { title: `Writer ${n}` }),
        { 'if-match': `"${first.revision}"` },
      ),
    );
    const statuses = (await Promise.all(writes)).map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array.from({ length: 9 }, () => 412)]);
  });

  it('schedules under an embargo: nowhere before, everywhere after its time and a batch run', async () => {
    const word = rareWord();
    const draft = await drafted(editor, articleAbout(word));
    const past = { embargoUntil: new Date(Date.now() - 60_000).toISOString() };
    expect((await moved(editor, draft, 'schedule', past)).status).toBe(400);
    const until = new Date(Date.now() + 8_000);
    const scheduled = await moved(editor, draft, 'schedule', { embargoUntil: until.toISOString() });
    expect(scheduled).toMatchObject({ status: 200, json: { status: 'embargoed' } });
    const article = bodyOf<Article>(scheduled);
    await runBatch(operator);
    expect(await seenAt(word, article)).toEqual([]);
    expect(await seenAt(word, article, reader)).toEqual([]);
    const topic = `/api/v1/me/subscriptions/topics/${encodeURIComponent(`Topic ${word}`)}`;
    expect((await reader.call('PUT', topic)).status).toBe(404);
    await sleep(Math.max(0, until.getTime() - Date.now()) + 250);
    await runBatch(operator);
    expect(await seenAt(word, article)).toEqual(everywhere(word, article));
    const after = bodyOf<Article>(await anyone('GET', `/api/v1/articles/${article.id}`));
    expect(after).toMatchObject({ status: 'published', publishedAt: until.toISOString() });
    expect(after.revision).toBeGreaterThan(article.revision);
  });

  it('withdraws: 410, and gone from lists, feeds and search after a batch run', async () => {
    const word = rareWord();
    const article = await published(editor, articleAbout(word));
    await runBatch(operator);
    expect((await moved(editor, article, 'withdraw')).json).toMatchObject({ status: 'withdrawn' });
    await runBatch(operator);
    expect(await seenAt(word, article)).toEqual([]);
    for (const path of [article.url, `/api/v1/articles/${article.id}`])
      expect((await anyone('GET', path)).status).toBe(410);
    expect((await moved(editor, article, 'publish')).status).not.toBe(200);
    const path = `/api/v1/articles/${article.id}/comments`;
    expect((await reader.call('POST', path, { text: 'Why?' })).status).toBe(410);
  });
});
