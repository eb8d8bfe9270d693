import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import { editor, startMonolith } from './monolith.ts';
import type { TestMonolith } from './monolith.ts';
import { createContent, exampleArticle } from './page-content.ts';
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
  published = await content.published(exampleArticle);
});
afterAll(() => site.close());

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
