import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chromiumPath, openBrowser, type TestBrowser } from '@newscience/testing/browser';
import { runningSite } from './site.ts';
import {
  drafted,
  moved,
  published,
  articleAbout,
  runBatch,
  type Article,
} from './support/newsroom.ts';
import { known, newReader, type Person, rareWord } from './support/people.ts';
import { logInAs, look, widths } from './support/screens.ts';

const site = runningSite();
const example = '/articles/ns-listening-to-spacetime';

/** Name of the picture to the page. */
const publicPages: Record<string, string> = {
  home: '/',
  section: '/sections/neuroscience',
  topic: '/topics/Physics',
  article: example,
  author: `/authors/${encodeURIComponent('Eszter Valkó')}`,
  'most-read': '/most-read',
  search: '/search',
  found: '/search?q=gravitational+waves',
  'not-found': '/search?q=zzqqxxjjkk',
  login: '/login',
  register: '/register',
};

(chromiumPath() === undefined ? describe.skip : describe)('pages in a browser', () => {
  let browser: TestBrowser;
  let editor: Person;
  let draft: Article;
  let withdrawn: Article;

  beforeAll(async () => {
    browser = await openBrowser();
    editor = await known(site.url, site.credentials.editor);
    await runBatch(await known(site.url, site.credentials.operator));
    draft = await drafted(editor, articleAbout(rareWord()));
    withdrawn = await published(editor, articleAbout(rareWord()));
    await moved(editor, withdrawn, 'withdraw');
  });
  afterAll(() => browser.close());

  describe.each(widths)('%d pixels wide', (width) => {
    const phone = width < 500;

    it('are without a fault for visitors', async () => {
      const view = await browser.open({ width, height: phone ? 844 : 900, touch: phone });
      const faults: string[] = [];
      for (const [name, path] of Object.entries(publicPages)) {
        await view.page.goto(site.url + path, { waitUntil: 'networkidle' });
        faults.push(...(await look(view, `${name}-${width}`)));
      }
      await view.close();
      expect(faults).toEqual([]);
    });

    it('are without a fault for an editor', async () => {
      const view = await browser.open({ width, touch: phone });
      await logInAs(view, site.url, site.credentials.editor);
      const faults: string[] = [];
      for (const [name, path] of [
        ['account', '/account'],
        ['desk', '/desk'],
        ['desk-new', '/desk/new'],
        ['desk-edit', `/desk/articles/${draft.id}`],
        ['desk-comments', '/desk/comments'],
        ['draft', draft.url],
        ['article-editor', example],
      ] as const) {
        await view.page.goto(site.url + path, { waitUntil: 'networkidle' });
        faults.push(...(await look(view, `${name}-${width}`)));
      }
      await view.close();
      expect(faults).toEqual([]);
    });

    it('are without a fault in the dark', async () => {
      const view = await browser.open({ width, touch: phone, scheme: 'dark' });
      const faults: string[] = [];
      for (const name of ['home', 'article', 'section', 'found', 'register']) {
        await view.page.goto(site.url + (publicPages[name] ?? ''), { waitUntil: 'networkidle' });
        faults.push(...(await look(view, `${name}-dark-${width}`)));
      }
      await view.close();
      expect(faults).toEqual([]);
    });

    it('are readable where something went wrong', async () => {
      const view = await browser.open({ width, touch: phone });
      const faults: string[] = [];
      for (const [name, path, status] of [
        ['absent', '/nothing/here', 404],
        ['gone', withdrawn.url, 410],
        ['broken', '/topics/%E0%A4%A', 400],
      ] as const) {
        const answer = await view.page.goto(site.url + path);
        expect(answer?.status()).toBe(status);
        // The browser itself reports the status of the page as an error.
        view.forgetErrors();
        faults.push(...(await look(view, `${name}-${width}`)));
      }
      await view.page.goto(`${site.url}/register`);
      await view.page.getByRole('button', { name: 'Make my account' }).click();
      await view.page.getByRole('alert').waitFor();
      view.forgetErrors();
      faults.push(...(await look(view, `register-refused-${width}`)));
      await view.close();
      expect(faults).toEqual([]);
    });
  });

  it('need no sideways scrolling on the smallest phone or at four times the size', async () => {
    const view = await browser.open({ width: 320, height: 256 });
    for (const path of [...Object.values(publicPages), '/nothing']) {
      await view.page.goto(site.url + path);
      const wide: unknown = await view.page.evaluate('document.documentElement.scrollWidth');
      expect({ path, wide }).toEqual({ path, wide: 320 });
    }
    await view.close();
  });

  it('have pictures that load, and no request that fails', async () => {
    const view = await browser.open();
    const failed: string[] = [];
    view.page.on('response', (response) => {
      if (response.status() >= 400) failed.push(`${response.status()} ${response.url()}`);
    });
    await view.page.goto(site.url, { waitUntil: 'networkidle' });
    await view.page.evaluate('window.scrollTo(0, document.body.scrollHeight)');
    await view.page.waitForLoadState('networkidle');
    const empty: unknown = await view.page.evaluate(
      '[...document.images].filter((image) => image.complete && image.naturalWidth === 0).length',
    );
    expect({ failed, empty }).toEqual({ failed: [], empty: 0 });
    await view.close();
  });

  it('are usable with the keyboard alone', async () => {
    const reader = await newReader(site.url, 'Keyboard');
    const view = await browser.open();
    const { page } = view;
    const { keyboard } = page;
    const focused = () => page.evaluate<string>('document.activeElement.textContent.trim()');
    const tabTo = async (text: string) => {
      for (let step = 0; step < 80; step += 1) {
        await keyboard.press('Tab');
        if ((await focused()) === text) return;
      }
      throw new Error(`Tab does not lead to ${text}`);
    };

    await page.goto(site.url);
    await keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the content');
    await keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('content');

    await page.goto(site.url);
    await tabTo('Sections');
    await keyboard.press('Enter');
    await tabTo('Neuroscience');
    await keyboard.press('Enter');
    await page.waitForURL('**/sections/neuroscience');

    await page.goto(`${site.url}/login`);
    await page.getByLabel('Mail address').focus();
    await keyboard.type(reader.email);
    await keyboard.press('Tab');
    await keyboard.type(reader.password);
    await keyboard.press('Enter');
    await page.waitForURL(`${site.url}/`);
    await page.goto(site.url + example);
    await page.getByLabel('Your comment').focus();
    await keyboard.type('Written without a mouse.');
    await keyboard.press('Tab');
    await keyboard.press('Enter');
    await page.waitForURL('**#comment-*');
    await page.getByText('Your comment is published.').waitFor();
    expect(view.errors()).toEqual([]);
    await view.close();
  });
});
