import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  chromiumPath,
  openBrowser,
  type TestBrowser,
  type View,
} from '@newscience/testing/browser';
import { runningSite } from './site.ts';
import {
  type Article,
  articleAbout,
  bodyOf,
  moved,
  published,
  runBatch,
} from './support/newsroom.ts';
import { known, newReader, type Person, rareWord } from './support/people.ts';
import { logInAs, look, widths } from './support/screens.ts';

const site = runningSite();
const script = `"'><img src=x onerror="globalThis.brokenIn=1"><script>globalThis.brokenIn=1</script>`;

/** What no editor writes by intention, and every site gets some day. */
(chromiumPath() === undefined ? describe.skip : describe)('hostile content in a browser', () => {
  const word = rareWord();
  let browser: TestBrowser;
  let editor: Person;
  let reader: Person;
  let article: Article;
  let quiet: Article;

  beforeAll(async () => {
    browser = await openBrowser();
    editor = await known(site.url, site.credentials.editor);
    reader = await newReader(site.url, 'Hostile');
    article = await published(
      editor,
      articleAbout(word, {
        title: `${word} ${'Donaudampfschifffahrt'.repeat(12)}`,
        kicker: 'K'.repeat(200),
        summary: `${script} ${'summary'.repeat(200)}`,
        body: `${script}\n\n${'unbroken'.repeat(500)}\n\n\u202eturned\u202c עברית\n\n${'https://example.org/'.repeat(40)}`,
        authors: Array.from({ length: 20 }, (_, n) => `${word} Author${'ä'.repeat(60)} ${n}`),
        topics: Array.from({ length: 10 }, (_, n) => `${word} Topic${'x'.repeat(60)} ${n}`),
        source: { name: 'S'.repeat(200), url: `https://example.org/${'long'.repeat(200)}` },
      }),
    );
    quiet = await published(
      editor,
      articleAbout(rareWord(), { summary: null, topics: [], source: null, licence: null }),
    );
    const comments = `/api/v1/articles/${article.id}/comments`;
    const first = bodyOf<{ id: string }>(await reader.call('POST', comments, { text: script }));
    await reader.call('POST', comments, { text: 'c'.repeat(5_000), parentId: first.id });
    const hidden = bodyOf<{ id: string }>(await reader.call('POST', comments, { text: 'hidden' }));
    await editor.call('POST', `/api/v1/comments/${hidden.id}/report`, {
      reason: `${script} ${'r'.repeat(300)}`,
    });
    const deleted = bodyOf<{ id: string }>(
      await reader.call('POST', comments, { text: 'deleted' }),
    );
    await reader.call('POST', comments, {
      text: 'answer to what is deleted',
      parentId: deleted.id,
    });
    await reader.call('DELETE', `/api/v1/comments/${deleted.id}`);
    await runBatch(await known(site.url, site.credentials.operator));
  });
  afterAll(async () => {
    await browser.close();
    // The pictures of other tests shall not show it.
    for (const each of [article, quiet]) await moved(editor, each, 'withdraw');
  });

  async function lookAround(
    view: View,
    places: [string, string][],
    mark: string,
  ): Promise<string[]> {
    const faults: string[] = [];
    view.page.on('dialog', (dialog) => {
      faults.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    for (const [name, path] of places) {
      await view.page.goto(site.url + path, { waitUntil: 'networkidle' });
      const wide = await view.page.evaluate<number>('document.documentElement.scrollWidth');
      // Of a page that is far too wide Chromium can take no picture.
      if (wide > (view.page.viewportSize()?.width ?? 0)) faults.push(`${name}: ${wide} px wide`);
      else faults.push(...(await look(view, `hostile-${name}-${mark}`)));
      if ((await view.page.evaluate('globalThis.brokenIn')) !== undefined)
        faults.push(`${name}: a script ran`);
    }
    return faults;
  }

  it.each(widths)('breaks no page, %d pixels wide', async (width) => {
    const view = await browser.open({ width, touch: width < 500 });
    const enc = encodeURIComponent;
    const places: [string, string][] = [
      ['home', '/'],
      ['article', article.url],
      ['section', '/sections/technology'],
      ['topic', `/topics/${enc(`${word} Topic${'x'.repeat(60)} 0`)}`],
      ['author', `/authors/${enc(`${word} Author${'ä'.repeat(60)} 0`)}`],
      ['search', `/search?q=${word}`],
      ['search-script', `/search?q=${enc(script)}`],
      ['most-read', '/most-read'],
    ];
    expect(await lookAround(view, places, String(width))).toEqual([]);
    await view.close();
    const desk = await browser.open({ width, touch: width < 500 });
    await logInAs(desk, site.url, site.credentials.editor);
    const deskPlaces: [string, string][] = [
      ['desk', '/desk?state=all'],
      ['desk-comments', '/desk/comments'],
      ['article-editor', article.url],
    ];
    expect(await lookAround(desk, deskPlaces, String(width))).toEqual([]);
    await desk.close();
  });

  it('the way back after the log-out shows nothing of the account', async () => {
    const view = await browser.open();
    await logInAs(view, site.url, reader);
    await view.page.goto(`${site.url}/account`);
    await view.page.getByText(reader.email).waitFor();
    await view.page.getByRole('button', { name: 'Log out' }).click();
    await view.page.getByText('You are logged out.').waitFor();
    await view.page.goBack();
    await view.page.waitForLoadState('networkidle');
    expect(await view.page.content()).not.toContain(reader.email);
    await view.close();
  });

  it('two clicks on the button publish one comment', async () => {
    const view = await browser.open();
    await logInAs(view, site.url, reader);
    await view.page.goto(site.url + quiet.url);
    await view.page.getByLabel('Your comment').fill(`Once ${word}`);
    await view.page.getByRole('button', { name: 'Publish the comment' }).dblclick();
    await view.page.getByText('Your comment is published.').waitFor();
    await view.page.reload();
    const { items } = bodyOf<{ items: { text: string }[] }>(
      await reader.call('GET', `/api/v1/articles/${quiet.id}/comments`),
    );
    expect(items.filter(({ text }) => text === `Once ${word}`)).toHaveLength(1);
    await view.close();
  });

  it('every page of the site that links lead to answers', async () => {
    const view = await browser.open();
    await logInAs(view, site.url, site.credentials.editor);
    const seen = new Set<string>();
    const queue = ['/', article.url, '/desk', '/account', '/most-read'];
    const broken: string[] = [];
    while (queue.length > 0 && seen.size < 60) {
      const path = queue.shift() ?? '/';
      if (seen.has(path)) continue;
      seen.add(path);
      const answer = await view.page.request.get(site.url + path, { maxRedirects: 0 });
      if (answer.status() >= 400) broken.push(`${answer.status()} ${path}`);
      const links = [...(await answer.text()).matchAll(/href="(\/[^"#]*)"/g)].map(([, href = '']) =>
        href.replaceAll('&amp;', '&'),
      );
      queue.push(...links.filter((link) => !seen.has(link) && !queue.includes(link)));
    }
    expect(broken).toEqual([]);
    await view.close();
  });
});
