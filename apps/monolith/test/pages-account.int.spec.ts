import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { editor, password, startMonolith } from './monolith.ts';
import type { TestMonolith } from './monolith.ts';
import { createContent } from './page-content.ts';
import { createVisitor, faultOf, linksWith, textOf, valueOf } from './page-visitor.ts';
import type { Visitor } from './page-visitor.ts';

let site: TestMonolith;

const visitor = () => createVisitor(site.url);
async function reader(name: string): Promise<Visitor> {
  const someone = visitor();
  await someone.join(`${name.toLowerCase().replace(/\W/g, '.')}@example.org`, name);
  return someone;
}

beforeAll(async () => {
  site = await startMonolith();
  const content = await createContent(site);
  await content.published({
    title: 'Under discussion',
    topics: ['Astronomy', 'A/B & C'],
  });
});
afterAll(() => site.close());

describe('the account', () => {
  it('changes the password, in this browser without a new log-in', async () => {
    const rosa = await reader('Rosa');
    const fresh = 'a quite different password';
    const wrong = await rosa.send('/account', '/account/password', {
      currentPassword: 'not it at all',
      newPassword: fresh,
    });
    expect(wrong.status).toBe(400);
    expect(faultOf(wrong.html, 'currentPassword')).toBe('Error: Current password is wrong.');
    const weak = await rosa.send('/account', '/account/password', {
      currentPassword: password,
      newPassword: 'short',
    });
    expect(faultOf(weak.html, 'newPassword')).toMatch(/^Error: New password has 5 characters/);
    expect(weak.html).not.toContain(password);
    const changed = await rosa.send('/account', '/account/password', {
      currentPassword: password,
      newPassword: fresh,
    });
    expect(changed.location).toBe('/account?done=password');
    expect(textOf(await rosa.page('/account?done=password'))).toContain('Your password is changed');
    const other = visitor();
    await expect(other.logIn('rosa@example.org')).rejects.toThrow('wrong');
    await other.logIn('rosa@example.org', fresh);
  });

  it('follows topics and sections from their pages and from the account', async () => {
    const nina = await reader('Nina');
    const topic = `/topics/${encodeURIComponent('A/B & C')}`;
    const followed = await nina.send(topic, '/account/follow', { topic: 'A/B & C', next: topic });
    expect(followed.location).toBe(`${topic}?done=followed`);
    expect(await nina.page(topic)).toContain('action="/account/unfollow"');
    expect(await nina.page('/sections/neuroscience')).toContain('Follow this section');
    await nina.send('/account', '/account/follow', { section: 'neuroscience', topic: 'Astronomy' });
    const html = await nina.page('/account');
    expect(linksWith(html, 'A/B & C')).toContain(topic);
    expect(linksWith(html, 'Neuroscience')).toContain('/sections/neuroscience');
    const wrong = await nina.send('/account', '/account/follow', {
      section: '',
      topic: 'No such <topic>',
    });
    expect(wrong.status).toBe(400);
    expect(faultOf(wrong.html, 'topic')).toMatch(/^Error: Topic is not followed\./);
    expect(valueOf(wrong.html, 'topic')).toBe('No such <topic>');
    const nothing = await nina.send('/account', '/account/follow', { section: '', topic: '' });
    expect(faultOf(nothing.html, 'topic')).toContain('Choose a section or name a topic.');
    await nina.send(topic, '/account/unfollow', { topic: 'A/B & C', next: topic });
    expect(linksWith(await nina.page('/account'), 'A/B & C')).toEqual([]);
  });

  it('switches the daily mail off and on, from the account and from the link in a mail', async () => {
    const olga = await reader('Olga');
    await olga.send('/account', '/account/follow', { section: 'neuroscience', topic: '' });
    const off = await olga.send('/account', '/account/mail', { active: 'off' });
    expect(off.location).toBe('/account?done=mail-off#following');
    expect(textOf(await olga.page('/account'))).toContain('The daily mail is off');
    await olga.send('/account', '/account/mail', { active: 'on' });

    const [row] = await site.query<{ uns_tok: string }>(
      `SELECT uns_tok FROM dgst_cfg JOIN usr USING (usr_id) WHERE eml_lc = 'olga@example.org'`,
    );
    const link = `/unsubscribe/${row?.uns_tok}`;
    const anybody = visitor();
    const asked = await anybody.page(link);
    expect(textOf(asked)).toContain('Do you want to stop the daily mail to');
    expect(asked).not.toContain('olga@example.org');
    const stopped = await anybody.ask(link, { form: {} });
    expect(stopped.status).toBe(303);
    expect(textOf(await anybody.page(link))).toMatch(/The daily mail to \S+ is off\./);
    expect(textOf(await olga.page('/account'))).toContain('The daily mail is off');
  });

  it('is deleted with the password alone', async () => {
    const gone = await reader('Gone Soon');
    const wrong = await gone.send('/account', '/account/delete', { password: 'wrong password' });
    expect(wrong.status).toBe(400);
    expect(faultOf(wrong.html, 'password')).toBe('Error: Password is wrong.');
    const deleted = await gone.send('/account', '/account/delete', { password });
    expect(deleted.location).toBe('/?done=account-deleted');
    expect((await gone.ask('/account')).status).toBe(303);
    await expect(visitor().logIn('gone.soon@example.org')).rejects.toThrow('wrong');
  });

  it('is kept by no browser', async () => {
    const someone = visitor();
    await someone.logIn(editor.email);
    for (const path of ['/account', '/desk', '/desk/new']) {
      expect((await someone.ask(path)).headers.get('cache-control')).toBe('no-store');
    }
  });
});
