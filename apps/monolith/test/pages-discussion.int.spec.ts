import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { editor, startMonolith } from './monolith.ts';
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
  site = await startMonolith();
  const content = await createContent(site);
  article = await content.published({
    title: 'Under discussion',
    topics: ['Astronomy', 'A/B & C'],
  });
});
afterAll(() => site.close());

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
