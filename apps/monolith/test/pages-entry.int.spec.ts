import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { editor, password, startMonolith } from './monolith.ts';
import type { TestMonolith } from './monolith.ts';
import { createContent } from './page-content.ts';
import { createVisitor, faultOf, linksWith, textOf, valueOf } from './page-visitor.ts';
import type { Visitor } from './page-visitor.ts';

let site: TestMonolith;
let article: string;

const visitor = () => createVisitor(site.url);
async function reader(name: string): Promise<Visitor> {
  const someone = visitor();
  await someone.join(`${name.toLowerCase().replace(/\W/g, '.')}@example.org`, name);
  return someone;
}

beforeAll(async () => {
  site = await startMonolith({ LOGIN_ATTEMPTS_PER_ACCOUNT: '5' });
  const content = await createContent(site);
  article = await content.published({
    title: 'Under discussion',
    topics: ['Astronomy', 'A/B & C'],
  });
});
afterAll(() => site.close());

describe('registering and logging in', () => {
  it('leads to the log-in, and from there to where the visitor came from', async () => {
    const ada = visitor();
    const next = `/articles/${article}#comments`;
    const [logIn] = linksWith(await ada.page(`/articles/${article}`), 'Log in to comment');
    expect(logIn).toBe(`/login?next=${encodeURIComponent(next)}`);
    const [register] = linksWith(await ada.page(logIn ?? ''), 'Register').slice(-1);
    const fields = { name: 'Ada', email: 'ada@example.org', password };
    const made = await ada.send(register ?? '', '/register', { ...fields, next });
    expect(made.status).toBe(303);
    expect(made.location).toBe(`${logIn}&done=registered`);
    expect(textOf(await ada.page(made.location ?? ''))).toContain('Your account is ready.');
    const entered = await ada.send(logIn ?? '', '/login', { ...fields, next });
    expect({ status: entered.status, location: entered.location }).toEqual({
      status: 303,
      location: next,
    });
    const html = await ada.page('/');
    expect(textOf(html.slice(0, html.indexOf('<main')).replace('<header', '<main'))).toContain(
      'Ada',
    );
  });

  it('says all that is wrong at once, beside the fields, keeps what was typed and shows no password', async () => {
    const { status, html } = await visitor().send('/register', '/register', {
      name: '',
      email: 'no <address>',
      password: 'short1',
      next: '/most-read',
    });
    expect(status).toBe(400);
    expect(faultOf(html, 'name')).toMatch(/^Error: Name /);
    expect(faultOf(html, 'email')).toMatch(/^Error: Mail address/);
    expect(faultOf(html, 'password')).toMatch(/^Error: Password has 6 characters/);
    expect(textOf(html)).toContain('3 things are not right yet');
    expect(valueOf(html, 'email')).toBe('no <address>');
    expect(html).toContain('name="next" value="/most-read"');
    expect(html).not.toContain('short1');
    expect(html).toMatch(
      /<input id="email"[^>]* aria-describedby="email-hint email-fault" aria-invalid="true"/,
    );
    expect(html).toContain('<title>Error: Register');
  });

  it('answers the same for a mail address that is taken', async () => {
    const form = { name: 'Twin', email: 'twin@example.org', password, next: '/' };
    const [one, two] = [
      await visitor().send('/register', '/register', form),
      await visitor().send('/register', '/register', form),
    ];
    expect([two.status, two.location]).toEqual([one.status, one.location]);
  });

  it('does not tell a wrong address from a wrong password, and stops trying after a while', async () => {
    await reader('Emmy');
    const attempt = (email: string) =>
      visitor().send('/login', '/login', { email, password: 'not the password', next: '/' });
    const [wrong, unknown] = [
      await attempt('emmy@example.org'),
      await attempt('nobody@example.org'),
    ];
    expect([wrong.status, unknown.status]).toEqual([400, 400]);
    expect(textOf(wrong.html)).toContain('The mail address or the password is wrong.');
    expect(textOf(unknown.html)).toBe(textOf(wrong.html));
    expect(valueOf(wrong.html, 'email')).toBe('emmy@example.org');
    expect(wrong.html).not.toContain('not the password');
    for (let turn = 0; turn < 4; turn += 1) await attempt('emmy@example.org');
    const late = await attempt('emmy@example.org');
    expect(late.status).toBe(429);
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(textOf(late.html)).toContain('Too many attempts');
  });

  it('needs both fields', async () => {
    const { status, html } = await visitor().send('/login', '/login', {
      email: ' ',
      password: '',
      next: '/',
    });
    expect(status).toBe(400);
    expect(faultOf(html, 'email')).toBe('Error: Mail address is empty.');
    expect(faultOf(html, 'password')).toBe('Error: Password is empty.');
  });

  it('leads nobody to another site', async () => {
    for (const next of [
      'https://evil.example/',
      '//evil.example',
      '/\\evil.example',
      'javascript:alert(1)',
      '/..//evil.example',
    ]) {
      const someone = visitor();
      expect(await someone.page(`/login?next=${encodeURIComponent(next)}`)).toContain(
        'name="next" value="/"',
      );
      const entered = await someone.send('/login', '/login', {
        email: editor.email,
        password,
        next,
      });
      expect({ next, location: entered.location }).toEqual({ next, location: '/' });
    }
  });

  it('logs out', async () => {
    const ada = visitor();
    await ada.logIn(editor.email);
    const gone = await ada.send('/', '/logout', {});
    expect(gone.location).toBe('/?done=logged-out');
    expect(textOf(await ada.page('/?done=logged-out'))).toContain('You are logged out.');
    expect((await ada.ask('/account')).status).toBe(303);
  });
});
