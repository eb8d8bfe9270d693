import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import { apiClient } from './api.ts';
import { runningSite } from './site.ts';
import { articleAbout, bodyOf, published } from './support/newsroom.ts';
import { known, newReader, type Person, rareWord } from './support/people.ts';
import { logIn, visitor } from './support/visitor.ts';

const site = runningSite();
const anyone = apiClient(site.url);
let editor: Person;
let operator: Person;
let reader: Person;

beforeAll(async () => {
  editor = await known(site.url, site.credentials.editor);
  operator = await known(site.url, site.credentials.operator);
  reader = await newReader(site.url, 'Subscriber');
});

describe('most read', () => {
  it('counts who opened an article in a browser, not a robot, a HEAD or the API', async () => {
    const article = await published(editor, articleAbout(rareWord()));
    const browser = {
      'user-agent': 'Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36',
    };
    for (let n = 0; n < 3; n += 1) await visitor(site.url).get(article.url, browser);
    await visitor(site.url).get(article.url, {
      'user-agent': 'Googlebot/2.1 (+http://www.google.com/bot.html)',
    });
    await anyone('HEAD', article.url, undefined, browser);
    await anyone('GET', `/api/v1/articles/${article.id}`);
    await eventually(async () => {
      for (const window of ['24h', 'all']) {
        const { items } = bodyOf<{ items: { id: string; views: number }[] }>(
          await anyone('GET', `/api/v1/most-read?window=${window}&limit=50`),
        );
        expect(items.find(({ id }) => id === article.id)).toMatchObject({ views: 3 });
      }
    });
    expect((await anyone('GET', `/api/v1/articles/${article.id}`)).json).toMatchObject({
      revision: article.revision,
    });
  });
});

describe('the digest', () => {
  it('brings what is new on a topic, once; its link ends it without logging in', async () => {
    const word = rareWord();
    await published(editor, articleAbout(word));
    const topic = encodeURIComponent(`Topic ${word}`);
    expect((await reader.call('PUT', `/api/v1/me/subscriptions/topics/${topic}`)).status).toBe(204);
    await published(editor, articleAbout(word, { title: `News of ${word} <b>&` }));
    expect((await operator.call('POST', '/api/v1/digest/runs')).status).toBe(200);
    const mine = (): string[] =>
      readdirSync(join(site.dataDir, 'mail'))
        .map((name) => readFileSync(join(site.dataDir, 'mail', name), 'utf8'))
        .filter((mail) => mail.includes(reader.email));
    const [mail = ''] = await eventually(() => {
      const found = mine();
      expect(found).toHaveLength(1);
      return found;
    });
    const text = mail.replaceAll(/=\r?\n/g, '').replaceAll('=3D', '=');
    expect(text).toContain(word);
    expect(text).toMatch(/content-type: text\/plain/i);
    expect(text).toMatch(/content-type: text\/html/i);
    expect(text).toMatch(/list-unsubscribe:/i);
    expect(text).not.toContain(`${word} <b>&amp;`);
    await operator.call('POST', '/api/v1/digest/runs');
    expect(mine()).toHaveLength(1);
    const link = new RegExp(`${site.url}(/unsubscribe/[\\w-]+)`).exec(text)?.[1] ?? '';
    const stranger = visitor(site.url);
    expect((await stranger.get(link)).status).toBe(200);
    const still = bodyOf<{ digest: { active: boolean } }>(
      await reader.call('GET', '/api/v1/me/subscriptions'),
    );
    expect(still.digest.active).toBe(true); // opening the link is not yet the wish
    expect([200, 303]).toContain(
      (await stranger.post(link, { 'List-Unsubscribe': 'One-Click' })).status,
    );
    expect((await reader.call('GET', '/api/v1/me/subscriptions')).json).toMatchObject({
      digest: { active: false },
    });
    expect((await stranger.get(`${link}x`)).status).toBe(404);
  });
});

describe('an account', () => {
  it('keeps its tokens over a rotation of keys, and loses all of them with its password or itself', async () => {
    const person = await newReader(site.url, 'Leaver');
    const session = await logIn(site.url, person);
    expect([200, 201]).toContain(
      (await operator.call('POST', '/api/v1/signing-keys/rotations')).status,
    );
    expect((await person.call('GET', '/api/v1/me')).status).toBe(200);
    expect((await session.get('/account')).status).toBe(200);
    expect((await apiClient(site.operatorUrl, operator.token)('GET', '/routes')).status).toBe(200);
    const renewed = await known(site.url, site.credentials.operator);
    expect((await apiClient(site.operatorUrl, renewed.token)('GET', '/routes')).status).toBe(200);
    const change = { currentPassword: person.password, newPassword: 'lantern gravel changed' };
    expect(
      (
        await person.call('POST', '/api/v1/me/password', {
          ...change,
          currentPassword: 'wrong wrong wrong',
        })
      ).status,
    ).toBe(403);
    expect((await person.call('POST', '/api/v1/me/password', change)).status).toBe(200);
    expect((await person.call('GET', '/api/v1/me')).status).toBe(401);
    expect((await session.get('/account')).location).toMatch(/^\/login/);
    const again = await known(site.url, { email: person.email, password: change.newPassword });
    const article = await published(editor, articleAbout(rareWord()));
    await again.call('POST', `/api/v1/articles/${article.id}/comments`, { text: 'I was here' });
    expect(
      (await again.call('DELETE', '/api/v1/me', { password: 'wrong wrong wrong' })).status,
    ).toBe(403);
    expect(
      (await again.call('DELETE', '/api/v1/me', { password: change.newPassword })).status,
    ).toBe(204);
    expect((await again.call('GET', '/api/v1/me')).status).toBe(401);
    const comments = await anyone('GET', `/api/v1/articles/${article.id}/comments`);
    expect(comments.text).toContain('I was here');
    expect(comments.text).not.toContain(person.name);
    expect((await visitor(site.url).get(article.url)).html).not.toContain(person.name);
  });

  it.each([
    'short',
    '1234567890',
    'passwordpassword',
    'newscience',
    'x'.repeat(201),
    '          ',
    '',
  ])('with the password %j is not made', async (password) => {
    const account = { email: `${rareWord()}@example.org`, name: 'Weak', password };
    expect((await anyone('POST', '/api/v1/accounts', account)).status).toBe(400);
  });
});
