import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { editor, startMonolith } from './monolith.ts';
import type { TestMonolith } from './monolith.ts';
import { createContent } from './page-content.ts';
import type { Content } from './page-content.ts';
import { createVisitor, faultOf, linksWith, textOf, valueOf } from './page-visitor.ts';
import type { Visitor } from './page-visitor.ts';

let site: TestMonolith;
let content: Content;
let desk: Visitor;

const everything = {
  title: 'A comet, a day late',
  kicker: 'Comets',
  summary: 'It came, but not in time.',
  body: 'One.\r\n\r\nTwo.',
  section: 'neuroscience',
  authors: 'Ada Lovelace\r\nMary Somerville\r\n',
  topics: 'Astronomy\r\nComets, and more',
  keywords: 'dust\r\nice',
  type: 'News',
  related: '',
  sourceName: 'The Journal',
  sourceUrl: 'https://journal.example/2',
  licenceName: 'CC BY 4.0',
  licenceUrl: 'https://creativecommons.org/licenses/by/4.0/',
  bodyKind: 'full text',
};

beforeAll(async () => {
  site = await startMonolith();
  content = await createContent(site);
  desk = createVisitor(site.url);
  await desk.logIn(editor.email);
});
afterAll(() => site.close());

const path = (id: string) => `/desk/articles/${id}`;
const revision = async (id: string) =>
  /name="revision" value="(\d+)"/.exec(await desk.page(path(id)))?.[1] ?? '';

async function contributor(name: string): Promise<Visitor> {
  const someone = createVisitor(site.url);
  const email = `${name.toLowerCase()}@example.org`;
  await someone.join(email, name);
  await site.query(`UPDATE usr SET rol = 'C' WHERE eml_lc = $1`, [email]);
  return someone;
}

describe('writing', () => {
  it('makes a draft of all fields, shows them again, and publishes what was typed last', async () => {
    expect(valueOf(await desk.page('/desk/new'), 'authors')).toBe('Editor');
    const made = await desk.send('/desk/new', '/desk/new', everything);
    expect(made.location).toBe('/desk/articles/a-comet-a-day-late?done=created');
    const id = 'a-comet-a-day-late';
    const html = await desk.page(path(id));
    for (const [field, value] of Object.entries(everything)) {
      if (field !== 'section')
        expect({ field, value: valueOf(html, field) }).toEqual({
          field,
          value: value.replaceAll('\r\n', '\n').trim(),
        });
    }
    expect(html).toContain('<option value="neuroscience" selected>');
    expect(linksWith(await desk.page('/desk'), 'A comet, a day late')).toContain(path(id));

    const published = await desk.send(path(id), path(id), {
      ...everything,
      title: 'A comet, two days late',
      revision: '1',
      do: 'publish',
    });
    expect(published.location).toBe(`${path(id)}?done=published`);
    const article = textOf(await createVisitor(site.url).page(`/articles/${id}`));
    for (const part of [
      'A comet, two days late',
      'By Ada Lovelace and Mary Somerville',
      'One. Two.',
      'Comets, and more',
      'Source: The Journal',
    ]) {
      expect(article).toContain(part);
    }
    expect(textOf(await desk.page('/desk?state=published'))).toContain('A comet, two days late');
    expect(textOf(await desk.page('/desk'))).not.toContain('A comet, two days late');
  });

  it('says all that is wrong at once, keeps all that was typed and opens what is folded', async () => {
    const { status, html } = await desk.send('/desk/new', '/desk/new', {
      ...everything,
      title: '',
      section: 'nowhere',
      sourceUrl: 'javascript:alert(1)',
      body: 'Kept <text> & all',
    });
    expect(status).toBe(400);
    expect(faultOf(html, 'title')).toBe('Error: Title is empty. Give the article a title.');
    expect(faultOf(html, 'sourceUrl')).toMatch(/^Error: Address of the source is no web address\./);
    expect(valueOf(html, 'body')).toBe('Kept <text> & all');
    expect(valueOf(html, 'keywords')).toBe('dust\r\nice');
    expect(html).toContain('<details class="extras" open>');
    expect(faultOf(html, 'section')).toBe('Error: Section is unknown. Choose one of the list.');
  });

  it('publishes nothing that is not complete, and keeps it as a draft', async () => {
    const { id } = await content.draft({ title: 'Hollow', body: '', authors: [] });
    const { status, html } = await desk.send(path(id), path(id), {
      ...everything,
      title: 'Hollow, but longer',
      body: '',
      authors: '',
      revision: '1',
      do: 'publish',
    });
    expect(status).toBe(400);
    expect(faultOf(html, 'body')).toBe('Error: Text is empty. Write the text first.');
    expect(faultOf(html, 'authors')).toBe('Error: Authors is empty. Name at least one author.');
    expect(valueOf(html, 'title')).toBe('Hollow, but longer');
    expect(await revision(id)).toBe('2');
    expect((await createVisitor(site.url).ask(`/articles/${id}`)).status).toBe(404);
  });

  it('takes a text as long as an article may be', async () => {
    const body = 'ü'.repeat(262_144);
    const made = await desk.send('/desk/new', '/desk/new', { ...everything, title: 'Long', body });
    expect(made.status).toBe(303);
    const longer = await desk.send('/desk/new', '/desk/new', {
      ...everything,
      title: 'Longer',
      body: `${body}x`,
    });
    expect(longer.status).toBe(400);
    expect(faultOf(longer.html, 'body')).toMatch(/^Error: Text has 524289 bytes/);
  });
});

describe('two people at one article', () => {
  it('shows who came second both texts, loses neither, and lets the second decide', async () => {
    const { id } = await content.draft({
      title: 'Contested',
      body: 'Alpha.\n\nBeta.\n\nGamma.',
      summary: 'Old',
    });
    const first = {
      ...everything,
      title: 'Contested',
      body: 'Alpha.\n\nBeta, better.\n\nGamma.',
      revision: '1',
      do: 'save',
    };
    expect((await desk.send(path(id), path(id), first)).status).toBe(303);

    const second = {
      ...everything,
      title: 'Contested <again>',
      body: 'Alpha.\n\nBeta.\n\nGamma & Delta.',
      revision: '1',
      do: 'save',
    };
    const { status, html } = await desk.send(path(id), path(id), second);
    expect(status).toBe(409);
    const text = textOf(html);
    expect(text).toContain('Somebody else saved this article while you were writing');
    expect(text).toContain('You began with revision 1; revision 2 was saved on');
    expect(text).toContain('Saved Contested Yours Contested <again>');
    expect(text).toContain('Saved Beta, better. Saved Gamma. Yours Beta. Yours Gamma & Delta.');
    expect(valueOf(html, 'body')).toBe(second.body);
    expect(valueOf(html, 'title')).toBe(second.title);
    expect(html).toContain('name="revision" value="2"');
    expect(linksWith(html, 'Drop what I typed')).toEqual([path(id)]);
    expect(valueOf(await desk.page(path(id)), 'body')).toContain('Beta, better.');

    const decided = await desk.send(path(id), path(id), { ...second, revision: '2' });
    expect(decided.status).toBe(303);
    expect(valueOf(await desk.page(path(id)), 'body')).toBe(second.body);
  });

  it('refuses a revision that is none', async () => {
    const { id } = await content.draft({ title: 'Numbers' });
    for (const wrong of ['', '0', '-1', '1e3', '99999999999']) {
      const { status } = await desk.send(path(id), path(id), {
        ...everything,
        revision: wrong,
        do: 'save',
      });
      expect({ wrong, status }).toEqual({ wrong, status: 409 });
    }
    expect(await revision(id)).toBe('1');
  });

  it('withdraws nothing on an old revision', async () => {
    const id = await content.published({ title: 'Withdrawn late' });
    const { status, html } = await desk.send(path(id), `${path(id)}/withdraw`, { revision: '1' });
    expect(status).toBe(409);
    expect(textOf(html)).toContain('Published');
    expect((await createVisitor(site.url).ask(`/articles/${id}`)).status).toBe(200);
  });
});

describe('embargo and withdrawal', () => {
  it('puts an article under embargo, changes the time, and publishes it early', async () => {
    const { id } = await content.draft({ title: 'Embargoed' });
    const form = { ...everything, title: 'Embargoed', do: 'schedule' };
    const past = await desk.send(path(id), path(id), {
      ...form,
      revision: '1',
      embargo: '2001-01-01T06:00',
    });
    expect(past.status).toBe(400);
    expect(faultOf(past.html, 'embargo')).toMatch(
      /^Error: End of the embargo is not in the future\./,
    );
    expect(valueOf(past.html, 'embargo')).toBe('2001-01-01T06:00');
    for (const embargo of ['', 'tomorrow', '2100-13-01T06:00']) {
      const refused = await desk.send(path(id), path(id), {
        ...form,
        revision: await revision(id),
        embargo,
      });
      expect(refused.status).toBe(400);
      expect(faultOf(refused.html, 'embargo')).toMatch(/is empty|is no date and time/);
    }
    const set = await desk.send(path(id), path(id), {
      ...form,
      revision: await revision(id),
      embargo: '2100-02-03T06:30',
    });
    expect(set.location).toBe(`${path(id)}?done=scheduled`);
    expect(textOf(await desk.page(path(id)))).toContain(
      'Under embargo until 3 February 2100 at 06:30 UTC',
    );
    expect((await createVisitor(site.url).ask(`/articles/${id}`)).status).toBe(404);
    await desk.send(path(id), path(id), {
      ...form,
      revision: await revision(id),
      embargo: '2100-02-04T06:30',
    });
    expect(textOf(await desk.page('/desk?state=embargoed'))).toContain('until 4 February 2100');
    await desk.send(path(id), path(id), { ...form, revision: await revision(id), do: 'publish' });
    expect((await createVisitor(site.url).ask(`/articles/${id}`)).status).toBe(200);
  });

  it('withdraws an article and publishes it again', async () => {
    const id = await content.published({ title: 'Up and down' });
    const gone = await desk.send(path(id), `${path(id)}/withdraw`, { revision: '2' });
    expect(gone.location).toBe(`${path(id)}?done=withdrawn`);
    expect((await createVisitor(site.url).ask(`/articles/${id}`)).status).toBe(410);
    const html = await desk.page(path(id));
    expect(textOf(html)).toContain('A withdrawn article cannot be changed.');
    expect(valueOf(html, 'title')).toBeNull();
    const back = await desk.send(path(id), path(id), {
      revision: await revision(id),
      do: 'publish',
    });
    expect(back.location).toBe(`${path(id)}?done=published`);
    expect((await createVisitor(site.url).ask(`/articles/${id}`)).status).toBe(200);
  });
});

describe('contributors', () => {
  it('write and see their own drafts, and nothing else', async () => {
    const writer = await contributor('Writer');
    const { id: foreign } = await content.draft({ title: 'Of somebody else' });
    const made = await writer.send('/desk/new', '/desk/new', {
      ...everything,
      title: 'My own draft',
    });
    const own = (made.location ?? '').split('?')[0] ?? '';
    const html = await writer.page(own);
    expect(html).not.toContain('value="publish"');
    expect(html).not.toContain('value="schedule"');
    const list = textOf(await writer.page('/desk'));
    expect(list).toContain('My own draft');
    expect(list).not.toContain('Of somebody else');
    expect((await writer.ask(path(foreign))).status).toBe(404);
    expect((await writer.ask(`/articles/${foreign}`)).status).toBe(404);

    const _csrf = writer.tokenOf(html);
    for (const todo of ['publish', 'schedule']) {
      const { status } = await writer.ask(own, {
        form: { ...everything, revision: '1', do: todo, _csrf },
      });
      expect({ todo, status }).toEqual({ todo, status: 403 });
    }
    expect((await writer.ask(`${own}/withdraw`, { form: { revision: '1', _csrf } })).status).toBe(
      403,
    );

    const id = own.split('/').at(-1) ?? '';
    await content.act(id, 1, 'publish');
    const handed = await writer.ask(own);
    expect(handed.status).toBe(403);
    expect(textOf(handed.html)).toContain('an editor looks after it now');
  });

  it('are no readers: those have no desk', async () => {
    const reader = createVisitor(site.url);
    await reader.join('reader@example.org', 'Reader');
    expect(await reader.page('/')).not.toContain('href="/desk"');
    for (const page of ['/desk', '/desk/new', '/desk/comments']) {
      expect((await reader.ask(page)).status).toBe(403);
    }
  });
});

describe('the list', () => {
  it('goes on from page to page, of everybody or of the own', async () => {
    await site.query(
      `INSERT INTO art (art_ref, ttl, bdy, sect_cd) SELECT 'listed-' || n, 'Listed ' || n, '', 'neuroscience' FROM generate_series(1, 65) n`,
    );
    const seen = new Set<string>();
    let next: string | undefined = '/desk?state=drafts';
    while (next !== undefined) {
      const html: string = await desk.page(next);
      for (const [, title = ''] of html.matchAll(/>(Listed \d+)</g)) seen.add(title);
      next = linksWith(html, 'Older ones')[0];
    }
    expect(seen.size).toBe(65);
    expect(await desk.page('/desk?state=drafts&whose=own')).not.toContain('Listed');
    expect(await desk.page('/desk?state=nonsense')).toContain('aria-current="true">In progress');
  });
});
