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

describe('the discussion', () => {
  const path = () => `/articles/${article}`;
  const action = () => `/articles/${article}/comments`;
  const refOf = (location: string | null) => location?.split('#comment-')[1] ?? '';

  it('takes a comment, a reply and a report, and lets everybody delete the own', async () => {
    const [grace, lise] = [await reader('Grace Pellew'), await reader('Lise')];
    const first = await grace.send(path(), action(), {
      text: 'Two lines\nof <b>thought</b> & doubt',
    });
    expect(first.status).toBe(303);
    expect(first.location).toMatch(
      /^\/articles\/under-discussion\?done=commented#comment-[0-9a-f-]{36}$/,
    );
    const ref = refOf(first.location);
    const html = await visitor().page(path());
    expect(html).toContain('Two lines\nof &lt;b&gt;thought&lt;/b&gt; &amp; doubt');
    expect(textOf(html)).toContain('1 comment Grace Pellew');

    const reply = await lise.send(path(), action(), { text: 'I think so too', parent: ref });
    expect(reply.status).toBe(303);
    const threads = await visitor().page(path());
    expect(threads.indexOf('I think so too')).toBeGreaterThan(
      threads.indexOf('<ol class="replies">'),
    );

    const report = await lise.send(path(), `${action()}/${ref}/report`, { reason: 'It is rude' });
    expect(report.location).toBe(`${path()}?done=reported#comment-${ref}`);
    const again = await lise.send(path(), `${action()}/${ref}/report`, { reason: 'Really' });
    expect(again.status).toBe(400);
    expect(textOf(again.html)).toContain('You have reported this comment already.');

    const own = await lise.send(path(), `${action()}/${refOf(reply.location)}/delete`, {});
    expect(own.status).toBe(303);
    expect(await visitor().page(path())).not.toContain('I think so too');
    // The form is only there for the writer; the rule does not depend on it.
    expect(await lise.page(path())).not.toContain(`${ref}/delete`);
    const token = lise.tokenOf(await lise.page('/'));
    expect((await lise.ask(`${action()}/${ref}/delete`, { form: { _csrf: token } })).status).toBe(
      403,
    );
  });

  it('keeps what was typed when it is refused', async () => {
    const marie = await reader('Marie');
    const empty = await marie.send(path(), action(), { text: '   ' });
    expect(empty.status).toBe(400);
    expect(faultOf(empty.html, 'comment-text')).toBe('Error: Comment is empty. Write something.');
    expect(textOf(empty.html)).toContain('Under discussion');
    const long = `${'long '.repeat(1001)}<end>`;
    const refused = await marie.send(path(), action(), { text: long });
    expect(refused.status).toBe(400);
    expect(valueOf(refused.html, 'comment-text')).toBe(long);

    for (let turn = 0; turn < 10; turn += 1)
      await marie.send(path(), action(), { text: `Number ${turn}` });
    const fast = await marie.send(path(), action(), { text: 'one too many' });
    expect(fast.status).toBe(429);
    expect(fast.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(valueOf(fast.html, 'comment-text')).toBe('one too many');
  });

  it('keeps a refused reply in the form below its comment', async () => {
    const [dora, ref] = await commented('Dora');
    const { status, html } = await dora.send(path(), action(), {
      text: 'x'.repeat(5001),
      parent: ref,
    });
    expect(status).toBe(400);
    expect(html).toMatch(new RegExp(`<details open><summary>Reply.*?value="${ref}"`, 's'));
    expect(valueOf(html, `reply-${ref}-text`)).toHaveLength(5001);
  });

  async function commented(name: string): Promise<[Visitor, string]> {
    const someone = await reader(name);
    const made = await someone.send(path(), action(), { text: `${name} speaks` });
    return [someone, refOf(made.location)];
  }

  it('is moderated by editors: hidden, shown again, from the article and from the list of reports', async () => {
    const [, ref] = await commented('Noor');
    const [judith] = await commented('Judith');
    await judith.send(path(), `${action()}/${ref}/report`, { reason: 'Spam <i>again</i>' });
    expect((await judith.ask('/desk/comments')).status).toBe(403);

    const desk = visitor();
    await desk.logIn(editor.email);
    expect(textOf(await desk.page('/desk'))).toMatch(/\d+ reported comments?/);
    const list = await desk.page('/desk/comments');
    expect(textOf(list)).toContain('Noor speaks 1 report');
    expect(list).toContain('Spam &lt;i&gt;again&lt;/i&gt;');
    const hidden = await desk.send('/desk/comments', `${action()}/${ref}/hide`, {
      next: '/desk/comments',
    });
    expect(hidden.location).toBe('/desk/comments?done=hidden');
    expect(await visitor().page(path())).not.toContain('Noor speaks');
    expect(textOf(await desk.page(path()))).toContain(
      'This comment was hidden by an editor. Noor speaks',
    );
    const shown = await desk.send(path(), `${action()}/${ref}/show`, {});
    expect(shown.location).toBe(`${path()}?done=shown#comment-${ref}`);
    expect(await visitor().page(path())).toContain('Noor speaks');

    const token = judith.tokenOf(await judith.page('/'));
    expect((await judith.ask(`${action()}/${ref}/hide`, { form: { _csrf: token } })).status).toBe(
      403,
    );
  });

  it('shows a deleted comment with replies as a place without words or name', async () => {
    const [ida, ref] = await commented('Ida');
    await ida.send(path(), action(), { text: 'To myself', parent: ref });
    await ida.send(path(), `${action()}/${ref}/delete`, {});
    const text = textOf(await visitor().page(path()));
    expect(text).toContain('This comment was deleted by its writer. Ida');
    expect(text).not.toContain('Ida speaks');
  });

  it('loses no text when the session is over: it is shown on the page that says so', async () => {
    const [vera] = await commented('Vera');
    const stale = vera.tokenOf(await vera.page(path()));
    vera.cookies.clear();
    const { status, html } = await vera.ask(action(), {
      form: { text: 'A long thought </textarea><b>', _csrf: stale },
      headers: { origin: site.url },
    });
    expect(status).toBe(403);
    expect(textOf(html)).toContain('What you had written');
    expect(valueOf(html, 'written-0')).toBe('A long thought </textarea><b>');
    expect(linksWith(html, 'Log in')).toContain('/login');
    const elsewhere = await vera.ask(action(), {
      form: { text: 'Words of another site', _csrf: stale },
      headers: { origin: 'https://evil.example' },
    });
    expect(elsewhere.status).toBe(403);
    expect(elsewhere.html).not.toContain('Words of another site');
  });

  it('goes on over several pages', async () => {
    await site.query(
      `INSERT INTO cmt (art_id, txt, crt_ts)
       SELECT art_id, 'Old voice ' || n, now() + n * interval '1 ms' FROM art, generate_series(1, 150) n WHERE art_ref = $1`,
      [article],
    );
    const [next] = linksWith(await visitor().page(path()), 'More comments');
    expect(next).toMatch(/^\/articles\/under-discussion\?comments=[\w-]+#comments$/);
    const second = await visitor().page((next ?? '').split('#')[0] ?? '');
    expect(second).toContain('Old voice 150');
    expect(linksWith(second, 'Back to the first comments')).toEqual([`${path()}#comments`]);
    const [zoe, ref] = await commented('Zoe');
    const made = await zoe.send(path(), action(), { text: 'On the last page' });
    expect(made.location).toMatch(
      /^\/articles\/under-discussion\?done=commented&comments=[\w-]+#comment-/,
    );
    expect(await zoe.page((made.location ?? '').split('#')[0] ?? '')).toContain(`comment-${ref}`);
  });
});

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
