import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chromiumPath, openBrowser, type TestBrowser } from '@newscience/testing/browser';
import { runningSite } from './site.ts';
import { runBatch } from './support/newsroom.ts';
import { known, rareWord } from './support/people.ts';
import { logInAs, look } from './support/screens.ts';

const site = runningSite();

(chromiumPath() === undefined ? describe.skip : describe)('journeys in a browser', () => {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());

  it('an editor writes, schedules, publishes and withdraws; a reader finds it, comments and is answered', async () => {
    const word = rareWord();
    const title = `A star named ${word}`;
    const desk = await browser.open();
    await logInAs(desk, site.url, site.credentials.editor);
    await desk.page.getByRole('link', { name: 'Desk', exact: true }).click();
    await desk.page.getByRole('link', { name: 'Write an article' }).click();
    await desk.page.getByLabel('Title').fill(title);
    await desk.page
      .getByLabel('Text', { exact: true })
      .fill(`It is called ${word}.\n\nNobody knows why.`);
    await desk.page.getByLabel('Section', { exact: true }).selectOption('Space and physics');
    await desk.page.getByLabel('Topics').fill('Astronomy\nNames, and what is in them');
    await desk.page.getByRole('button', { name: 'Save the draft' }).click();
    await desk.page.getByText('The draft is saved.').waitFor();

    await desk.page.getByLabel('Publish at (UTC)').fill('2100-01-02T03:04');
    await desk.page.getByRole('button', { name: 'Save and put under embargo' }).click();
    await desk.page.getByText('until 2 January 2100 at 03:04 UTC').waitFor();
    const address =
      (await desk.page.getByRole('link', { name: 'Preview' }).getAttribute('href')) ?? '';
    const reader = await browser.open({ width: 390, height: 844, touch: true });
    expect((await reader.page.goto(site.url + address))?.status()).toBe(404);
    reader.forgetErrors();

    await desk.page.getByRole('button', { name: 'Save and publish now' }).click();
    await desk.page.getByText('The article is published.').waitFor();
    await runBatch(await known(site.url, site.credentials.operator));

    const email = `reader.${word}@example.org`;
    await reader.page.goto(`${site.url}/search`);
    await reader.page.getByLabel('Words to look for in all articles').fill(word);
    await reader.page.getByRole('main').getByRole('button', { name: 'Search' }).click();
    await reader.page.getByText(`1 article found for “${word}”.`).waitFor();
    await reader.page.getByRole('link', { name: title }).click();
    await reader.page.getByRole('heading', { level: 1, name: title }).waitFor();
    await reader.page.getByRole('link', { name: 'Log in to comment' }).click();
    await reader.page.getByRole('main').getByRole('link', { name: 'Register' }).click();
    await reader.page.getByLabel('Name').fill('Reader in a browser');
    await reader.page.getByLabel('Mail address').fill(email);
    await reader.page.getByLabel('Password').fill(`lantern gravel ${word}`);
    await reader.page.getByRole('button', { name: 'Make my account' }).click();
    await reader.page.getByText('Your account is ready.').waitFor();
    await reader.page.getByLabel('Mail address').fill(email);
    await reader.page.getByLabel('Password').fill(`lantern gravel ${word}`);
    await reader.page.getByRole('main').getByRole('button', { name: 'Log in' }).click();
    await reader.page.waitForURL(`**${address}#comments`);
    await reader.page.getByLabel('Your comment').fill('Who named it?');
    await reader.page.getByRole('button', { name: 'Publish the comment' }).click();
    await reader.page.getByText('Your comment is published.').waitFor();
    expect(await look(reader, 'journey-commented-390')).toEqual([]);

    await desk.page.goto(site.url + address);
    await desk.page.getByText('Reply', { exact: false }).first().click();
    await desk.page.getByLabel('Your reply').fill('Its discoverer.');
    await desk.page.getByRole('button', { name: 'Publish the reply' }).click();
    await desk.page.getByText('Its discoverer.').waitFor();
    expect(await look(desk, 'journey-answered-1280')).toEqual([]);

    await desk.page.getByRole('link', { name: 'Edit', exact: true }).click();
    await desk.page.getByText('Withdraw the article').click();
    await desk.page.getByRole('button', { name: 'Withdraw it' }).click();
    await desk.page.getByText('The article is withdrawn.').waitFor();
    expect((await reader.page.goto(site.url + address))?.status()).toBe(410);
    await reader.page.goto(`${site.url}/search?q=${word}`);
    await reader.page.getByText(/found for/).waitFor();
    expect(await reader.page.getByRole('link', { name: title }).count()).toBe(0);
    expect(desk.errors()).toEqual([]);
    await desk.close();
    await reader.close();
  });

  it('two editors write at the same time, and nothing that either of them typed is lost', async () => {
    const word = rareWord();
    const [one, two] = [await browser.open(), await browser.open()];
    await logInAs(one, site.url, site.credentials.editor);
    await logInAs(two, site.url, site.credentials.editor);
    await one.page.goto(`${site.url}/desk/new`);
    await one.page.getByLabel('Title').fill(`Two pens ${word}`);
    await one.page.getByLabel('Text', { exact: true }).fill('The beginning.\n\nThe end.');
    await one.page.getByLabel('Section', { exact: true }).selectOption('Technology');
    await one.page.getByRole('button', { name: 'Save the draft' }).click();
    await one.page.getByText('The draft is saved.').waitFor();
    await two.page.goto(one.page.url());

    await one.page.getByLabel('Text', { exact: true }).fill('A better beginning.\n\nThe end.');
    await one.page.getByRole('button', { name: 'Save the draft' }).click();
    await one.page.getByText('Your changes are saved.').waitFor();
    await two.page.getByLabel('Text', { exact: true }).fill('The beginning.\n\nA better end.');
    await two.page.getByRole('button', { name: 'Save the draft' }).click();
    await two.page
      .getByRole('heading', { name: 'Somebody else saved this article while you were writing' })
      .waitFor();
    two.forgetErrors();
    expect(await two.page.getByLabel('Text', { exact: true }).inputValue()).toBe(
      'The beginning.\n\nA better end.',
    );
    expect(await look(two, 'desk-conflict-1280')).toEqual([]);
    await two.page.getByLabel('Text', { exact: true }).fill('A better beginning.\n\nA better end.');
    await two.page.getByRole('button', { name: 'Save the draft' }).click();
    await two.page.getByText('Your changes are saved.').waitFor();
    await one.close();
    await two.close();
  });

  it('a reader without script does everything but search', async () => {
    const word = rareWord();
    const view = await browser.open({ javaScript: false });
    const { page } = view;
    await page.goto(`${site.url}/register`);
    await page.getByLabel('Name').fill('No Script');
    await page.getByLabel('Mail address').fill(`noscript.${word}@example.org`);
    await page.getByLabel('Password').fill(`lantern gravel ${word}`);
    await page.getByRole('button', { name: 'Make my account' }).click();
    await logInAs(view, site.url, {
      email: `noscript.${word}@example.org`,
      password: `lantern gravel ${word}`,
    });
    await page.getByText('Sections', { exact: true }).first().click();
    await page
      .getByRole('navigation', { name: 'Main' })
      .getByRole('link', { name: 'Technology' })
      .click();
    await page.getByRole('button', { name: 'Follow this section' }).click();
    await page.getByRole('button', { name: 'Following – stop' }).waitFor();
    await page.getByRole('main').getByRole('article').first().getByRole('link').last().click();
    await page.getByLabel('Your comment').fill(`Said without script, ${word}`);
    await page.getByRole('button', { name: 'Publish the comment' }).click();
    await page.getByText(`Said without script, ${word}`).waitFor();
    await page.getByText('Delete your comment').click();
    await page.getByRole('button', { name: 'Delete the comment' }).click();
    await page.getByText('Your comment is deleted.').waitFor();
    await page.goto(`${site.url}/search?q=${word}`);
    // A text that Playwright's own search leaves out: it stands in a noscript element.
    await page.locator('.notice').waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByText('You are logged out.').waitFor();
    await view.close();
  });

  it('the search says what it does, also when it fails', async () => {
    const view = await browser.open({ width: 390, height: 844 });
    const { page } = view;
    const status = page.getByRole('status');
    await page.route('**/api/v1/search?**', (route) => route.abort());
    await page.goto(`${site.url}/search?q=cells`);
    await page.getByText('The search did not answer. Are you connected?').waitFor();
    await page.unroute('**/api/v1/search?**');
    view.forgetErrors();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText(/articles found for “cells”/).waitFor();
    await page.getByLabel('Words to look for in all articles').fill('<img src=x onerror=alert(1)>');
    await page.keyboard.press('Enter');
    await page.getByText('“<img src=x onerror=alert(1)>”').waitFor();
    await page.goBack();
    await page.getByText(/articles found for “cells”/).waitFor();
    expect(await status.getAttribute('aria-live')).toBe('polite');
    expect(await page.getByLabel('Words to look for in all articles').inputValue()).toBe('cells');
    expect(view.errors()).toEqual([]);
    await view.close();
  });
});
