import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ArtRec } from '../src/articles/art-int.ts';
import { artRoutes } from '../src/articles/routes.ts';
import { articlePageSchema, articleSchema } from '../src/articles/schemas.ts';
import { createCmt } from '../src/comments/cmt-mod.ts';
import type { Base, Site } from './articles-site.ts';
import { content, itemsOf, must, published, startBase, startSite } from './articles-site.ts';

let base: Base;
let site: Site;
let draft: ArtRec;
let embargoed: ArtRec;
let withdrawn: ArtRec;
let never: ArtRec;
let shown: ArtRec;

const input = {
  title: 'Sent in',
  body: 'A text.',
  section: 'neuroscience',
  authors: ['Ada'],
  topics: ['Optics'],
};
const match = (rev: number) => ({ 'if-match': `"${rev}"` });

beforeAll(async () => {
  base = await startBase();
  const { art, clock, people } = base;
  const cmt = createCmt({ pool: base.pool, art, now: () => clock.now });
  site = await startSite(base, [artRoutes({ art, cmt })]);
  const later = new Date(clock.now.getTime() + 3_600_000);
  draft = must(await art.crtArt(content({ artRef: 'a-draft' }), people.writer.usrId));
  embargoed = must(
    await art.schArt(
      must(await art.crtArt(content({ artRef: 'an-embargo' }), people.writer.usrId)).artRef,
      1,
      later,
    ),
  );
  shown = await published(base, {
    artRef: 'shown',
    rels: ['a-draft', 'related', 'nothing'],
    srcNm: 'eLife',
    srcUrl: 'https://x.org/',
  });
  await published(base, { artRef: 'related' });
  withdrawn = must(await art.wdrArt((await published(base, { artRef: 'gone' })).artRef, 2));
  never = must(await art.crtArt(content({ artRef: 'never' }), null));
  never = must(await art.schArt('never', 1, later));
  never = must(await art.wdrArt('never', 2));
  must(await cmt.addCmt('shown', people.reader.usrId, 'Well said.', null));
});
afterAll(async () => {
  await site.close();
  await base.close();
});

describe('reading', () => {
  it('shows a published article with all of its parts and the revision as ETag', async () => {
    const answer = await site.ask('GET', '/api/v1/articles/shown');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('etag')).toBe('"2"');
    expect(articleSchema.parse(answer.body)).toMatchObject({
      id: 'shown',
      title: shown.ttl,
      section: { code: 'space-and-physics', name: 'Space and physics' },
      status: 'published',
      publishedAt: base.clock.now.toISOString(),
      embargoUntil: null,
      source: { name: 'eLife', url: 'https://x.org/' },
      licence: null,
      commentCount: 1,
      revision: 2,
      url: '/articles/shown',
    });
  });

  it('answers HEAD as GET without a body', async () => {
    const get = await site.ask('GET', '/api/v1/articles/shown');
    const head = await site.ask('HEAD', '/api/v1/articles/shown');
    expect([head.status, head.text, head.headers.get('etag')]).toEqual([200, '', '"2"']);
    expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
  });

  it('shows drafts and embargoed articles to their writer and editors, to others not at all', async () => {
    const { reader, other, writer, editor, operator } = base.people;
    for (const rec of [draft, embargoed]) {
      for (const as of [writer, editor, operator]) {
        expect((await site.ask('GET', `/api/v1/articles/${rec.artRef}`, { as })).status).toBe(200);
      }
      for (const as of [undefined, reader, other]) {
        for (const path of ['', '/related']) {
          const answer = await site.ask(
            'GET',
            `/api/v1/articles/${rec.artRef}${path}`,
            as ? { as } : {},
          );
          expect([answer.status, answer.body['code']]).toEqual([404, 'article_not_found']);
        }
      }
    }
  });

  it('says that a withdrawn article is gone, and nothing of one that nobody ever saw', async () => {
    expect(await site.ask('GET', `/api/v1/articles/${withdrawn.artRef}`)).toMatchObject({
      status: 410,
      body: { code: 'article_withdrawn', type: 'urn:newscience:problem:article_withdrawn' },
    });
    expect((await site.ask('GET', `/api/v1/articles/${never.artRef}`)).status).toBe(404);
    expect(
      (await site.ask('GET', '/api/v1/articles/gone', { as: base.people.editor })).status,
    ).toBe(200);
  });

  it('knows no article of an odd id', async () => {
    for (const id of ['%00', '..%2fx', "'%20or%201=1--", 'Ä', 'x'.repeat(120)]) {
      expect((await site.ask('GET', `/api/v1/articles/${id}`)).status).toBe(404);
    }
    expect((await site.ask('GET', '/api/v1/articles/%E0%A4%A')).status).toBe(400);
    expect((await site.ask('GET', `/api/v1/articles/${'x'.repeat(121)}`)).status).toBe(400);
  });

  it('lists related articles that are published', async () => {
    const answer = await site.ask('GET', '/api/v1/articles/shown/related');
    expect(itemsOf(answer.body).map(({ id }) => id)).toEqual(['related']);
  });

  it('lists pages with counts and a cursor', async () => {
    const first = articlePageSchema.parse(
      (await site.ask('GET', '/api/v1/articles?limit=1&topic=Optics')).body,
    );
    const rest = articlePageSchema.parse(
      (
        await site.ask(
          'GET',
          `/api/v1/articles?limit=1&topic=Optics&cursor=${first.nextCursor ?? ''}`,
        )
      ).body,
    );
    expect([first.items[0]?.id, rest.items[0]?.id, rest.nextCursor]).toEqual([
      'related',
      'shown',
      null,
    ]);
    expect([first.items[0]?.commentCount, rest.items[0]?.commentCount]).toEqual([0, 1]);
  });

  it('refuses a tampered cursor and names all faulty parameters', async () => {
    expect(await site.ask('GET', '/api/v1/articles?cursor=AAAA')).toMatchObject({
      status: 400,
      body: { code: 'cursor_invalid' },
    });
    const answer = await site.ask('GET', '/api/v1/articles?limit=0&status=x&section=&nope=1');
    expect(answer.body['code']).toBe('validation_failed');
    expect(answer.body['faults']).toHaveLength(4);
    expect((await site.ask('GET', '/api/v1/articles?limit=101')).status).toBe(400);
    expect((await site.ask('GET', '/api/v1/articles?limit=100')).status).toBe(200);
    expect((await site.ask('GET', '/api/v1/articles?topic=a&topic=b')).status).toBe(400);
  });

  it('lists drafts to editors all, to contributors their own, to others none', async () => {
    const { reader, writer, editor } = base.people;
    const list = (as?: typeof reader) =>
      site.ask('GET', '/api/v1/articles?status=draft', as ? { as } : {});
    must(await base.art.crtArt(content({ artRef: 'somebodys' }), editor.usrId));
    expect(itemsOf((await list(writer)).body).map(({ id }) => id)).toEqual(['a-draft']);
    expect(itemsOf((await list(editor)).body).map(({ id }) => id)).toEqual([
      'somebodys',
      'a-draft',
    ]);
    expect((await list(reader)).status).toBe(403);
    expect((await list()).status).toBe(401);
  });

  it('lists sections and topics', async () => {
    expect(itemsOf((await site.ask('GET', '/api/v1/sections')).body)).toEqual([
      { code: 'neuroscience', name: 'Neuroscience', articleCount: 0 },
      { code: 'space-and-physics', name: 'Space and physics', articleCount: 2 },
    ]);
    expect(itemsOf((await site.ask('GET', '/api/v1/topics?limit=1')).body)).toEqual([
      { name: 'Atmosphere', articleCount: 2 },
    ]);
  });
});

describe('writing', () => {
  it('needs a contributor', async () => {
    expect((await site.ask('POST', '/api/v1/articles', { body: input })).status).toBe(401);
    expect(
      (await site.ask('POST', '/api/v1/articles', { as: base.people.reader, body: input })).status,
    ).toBe(403);
  });

  it('makes a draft and changes it by its revision', async () => {
    const { writer } = base.people;
    const made = await site.ask('POST', '/api/v1/articles', { as: writer, body: input });
    expect([made.status, made.headers.get('location'), made.headers.get('etag')]).toEqual([
      201,
      '/api/v1/articles/sent-in',
      '"1"',
    ]);
    expect(articleSchema.parse(made.body)).toMatchObject({
      ...input,
      section: { code: 'neuroscience' },
      status: 'draft',
    });
    const put = (rev: number, title: string) =>
      site.ask('PUT', '/api/v1/articles/sent-in', {
        as: writer,
        headers: match(rev),
        body: { ...input, title },
      });
    const [a, b] = await Promise.all([put(1, 'A'), put(1, 'B')]);
    expect([a.status, b.status].sort()).toEqual([200, 412]);
    expect((a.status === 412 ? a : b).body['code']).toBe('article_revision_conflict');
  });

  it('wants to know the revision, in its form', async () => {
    const { writer } = base.people;
    const put = (headers: Record<string, string>) =>
      site.ask('PUT', '/api/v1/articles/a-draft', { as: writer, headers, body: input });
    expect(await put({})).toMatchObject({
      status: 428,
      body: { code: 'article_revision_required' },
    });
    for (const value of ['1', '*', 'W/"1"', '"0"', '"1", "2"', '"1x"', '"12345678901"']) {
      expect(await put({ 'if-match': value })).toMatchObject({
        status: 400,
        body: { code: 'validation_failed' },
      });
    }
  });

  it('names all faults of a body at once', async () => {
    const body = {
      title: ' ',
      kicker: 'x'.repeat(201),
      section: 7,
      authors: ['Ada', ''],
      keywords: ['a|b'],
      source: { name: 'x', url: 'javascript:alert(1)' },
      extra: true,
    };
    const answer = await site.ask('POST', '/api/v1/articles', { as: base.people.writer, body });
    expect(answer.status).toBe(400);
    const { faults } = answer.body;
    expect(faults).toEqual(
      ['/title', '/kicker', '/section', '/authors/1', '/keywords/0', '/source/url', '/extra'].map(
        (at) => expect.objectContaining({ pointer: `/body${at}` }) as unknown,
      ),
    );
  });

  it('takes a body of 512 KB and not of a byte more', async () => {
    const post = (body: string) =>
      site.ask('POST', '/api/v1/articles', { as: base.people.writer, body: { ...input, body } });
    expect((await post('x'.repeat(524_288))).status).toBe(201);
    expect(await post('x'.repeat(524_289))).toMatchObject({
      status: 400,
      body: { code: 'validation_failed' },
    });
    expect((await post('₂'.repeat(174_763))).status).toBe(400);
  });

  it('names an unknown section where the client put it', async () => {
    const answer = await site.ask('POST', '/api/v1/articles', {
      as: base.people.writer,
      body: { ...input, section: 'nowhere' },
    });
    expect(answer.body).toMatchObject({
      code: 'article_section_unknown',
      faults: [{ pointer: '/body/section' }],
    });
  });

  it('lets contributors at their own drafts only, editors at everything', async () => {
    const { writer, editor } = base.people;
    const put = (id: string, rev: number, as = writer) =>
      site.ask('PUT', `/api/v1/articles/${id}`, { as, headers: match(rev), body: input });
    expect((await put('somebodys', 1)).status).toBe(404);
    expect((await put('shown', 2)).status).toBe(403);
    expect((await put('an-embargo', embargoed.rev)).status).toBe(403);
    expect((await put('gone', withdrawn.rev)).status).toBe(410);
    expect((await put('a-draft', draft.rev)).status).toBe(200);
    expect((await put('a-draft', draft.rev + 1, editor)).status).toBe(200);
    expect((await put('shown', 2, editor)).status).toBe(200);
    expect(await put('gone', withdrawn.rev, editor)).toMatchObject({
      status: 409,
      body: { code: 'article_state_conflict' },
    });
    expect((await put('unknown', 1, editor)).status).toBe(404);
  });

  it('publishes, schedules and withdraws for editors alone', async () => {
    const { writer, editor } = base.people;
    const made = must(await base.art.crtArt(content({ artRef: 'moved' }), writer.usrId));
    const post = (what: string, rev: number, body?: unknown, as = editor) =>
      site.ask('POST', `/api/v1/articles/moved/${what}`, {
        as,
        headers: match(rev),
        ...(body === undefined ? {} : { body }),
      });
    const future = { embargoUntil: '2026-03-01T14:00:00+01:00' };
    expect((await post('publish', made.rev, undefined, writer)).status).toBe(403);
    expect((await post('schedule', made.rev, future, writer)).status).toBe(403);
    expect((await post('withdraw', made.rev, undefined, writer)).status).toBe(403);
    expect(await post('schedule', 1, { embargoUntil: '2026-03-01T12:00:00Z' })).toMatchObject({
      status: 400,
      body: { code: 'article_embargo_past', faults: [{ pointer: '/body/embargoUntil' }] },
    });
    expect((await post('schedule', 1, { embargoUntil: 'tomorrow' })).status).toBe(400);
    expect((await post('schedule', 1, future)).body).toMatchObject({
      status: 'embargoed',
      embargoUntil: '2026-03-01T13:00:00.000Z',
    });
    expect((await post('publish', 1)).status).toBe(412);
    expect((await post('publish', 2)).body).toMatchObject({
      status: 'published',
      embargoUntil: null,
      revision: 3,
    });
    expect((await post('publish', 3)).status).toBe(409);
    expect((await post('withdraw', 3)).body).toMatchObject({ status: 'withdrawn', revision: 4 });
    const bare = must(await base.art.crtArt(content({ artRef: 'bare', auts: [], bdy: '' }), null));
    expect(
      await site.ask('POST', '/api/v1/articles/bare/publish', {
        as: editor,
        headers: match(bare.rev),
      }),
    ).toMatchObject({
      status: 409,
      body: {
        code: 'article_incomplete',
        faults: [{ pointer: '/body/body' }, { pointer: '/body/authors' }],
      },
    });
  });
});
