import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startMonolith } from './monolith.ts';
import type { TestMonolith } from './monolith.ts';
import { createContent, exampleArticle } from './page-content.ts';
import type { Content } from './page-content.ts';
import { createVisitor, linksWith, textOf } from './page-visitor.ts';
import type { Visitor } from './page-visitor.ts';

let site: TestMonolith;
let content: Content;
let visitor: Visitor;

beforeAll(async () => {
  site = await startMonolith();
  content = await createContent(site);
  visitor = createVisitor(site.url);
  await content.published(exampleArticle);
});
afterAll(() => site.close());

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
