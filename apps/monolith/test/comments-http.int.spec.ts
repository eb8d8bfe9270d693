import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createCmt } from '../src/comments/cmt-mod.ts';
import { cmtRoutes } from '../src/comments/routes.ts';
import { commentPageSchema, commentSchema, reportedSchema } from '../src/comments/schemas.ts';
import type { Base, Person, Site } from './articles-site.ts';
import { content, must, published, startBase, startSite } from './articles-site.ts';

let base: Base;
let site: Site;

beforeAll(async () => {
  base = await startBase();
  site = await startSite(base, [
    cmtRoutes({ art: base.art, cmt: createCmt({ ...base, now: () => base.clock.now }) }),
  ]);
  await published(base, { artRef: 'talked-about' });
  must(await base.art.crtArt(content({ artRef: 'secret' }), base.people.writer.usrId));
});
afterAll(async () => {
  await site.close();
  await base.close();
});

const path = '/api/v1/articles/talked-about/comments';
const post = (text: unknown, as?: Person, parentId?: unknown) =>
  site.ask('POST', path, {
    ...(as ? { as } : {}),
    body: { text, ...(parentId === undefined ? {} : { parentId }) },
  });

describe('the discussion', () => {
  it('is written by users and read by all', async () => {
    const { reader, other } = base.people;
    expect((await post('Hello')).status).toBe(401);
    const top = await post('Hello', reader);
    expect(top.status).toBe(201);
    const { id } = commentSchema.parse(top.body);
    const reply = commentSchema.parse((await post('<i>Hi</i>', other, id)).body);
    expect(reply).toMatchObject({
      articleId: 'talked-about',
      parentId: id,
      text: '<i>Hi</i>',
      author: { name: 'Other' },
    });
    expect(await post('Ho', reader, reply.id)).toMatchObject({
      status: 409,
      body: { code: 'comment_reply_too_deep' },
    });
    const first = commentPageSchema.parse((await site.ask('GET', `${path}?limit=1`)).body);
    expect(first).toMatchObject({ items: [{ id }], total: 2 });
    const rest = commentPageSchema.parse(
      (await site.ask('GET', `${path}?cursor=${first.nextCursor ?? ''}`)).body,
    );
    expect(rest).toMatchObject({ items: [{ id: reply.id }], nextCursor: null });
    expect(await site.ask('GET', `${path}?cursor=AAAA`)).toMatchObject({
      status: 400,
      body: { code: 'cursor_invalid' },
    });
  });

  it('of what a viewer may not see does not exist', async () => {
    const secret = '/api/v1/articles/secret/comments';
    expect((await site.ask('GET', secret)).status).toBe(404);
    expect((await site.ask('GET', secret, { as: base.people.writer })).status).toBe(200);
    expect(
      (await site.ask('POST', secret, { as: base.people.writer, body: { text: 'x' } })).status,
    ).toBe(404);
  });

  it('takes 1 to 5,000 characters and names all faults', async () => {
    const { writer } = base.people;
    expect((await post('x'.repeat(5000), writer)).status).toBe(201);
    expect((await post('🔭'.repeat(5000), writer)).status).toBe(201);
    for (const text of ['x'.repeat(5001), '', ' \n ', 'a\u0000b', 7]) {
      const refused = await post(text, writer, 'no-uuid');
      expect([refused.status, refused.body['code']]).toEqual([400, 'validation_failed']);
      expect(refused.body['faults']).toHaveLength(2);
    }
  });

  it('is bound in its rate, and says when to come back', async () => {
    const { operator } = base.people;
    for (let n = 0; n < 10; n += 1) expect((await post(`${n}`, operator)).status).toBe(201);
    const refused = await post('one too many', operator);
    expect(refused).toMatchObject({
      status: 429,
      body: { code: 'comment_rate_exceeded', retryable: true },
    });
    expect(refused.headers.get('retry-after')).toBe('60');
  });
});

describe('moderation', () => {
  it('goes from a report over hiding to keeping', async () => {
    const { reader, other, editor } = base.people;
    const { id } = commentSchema.parse((await post('Buy pills', other)).body);
    const to = (what: string, as: Person | undefined, body?: unknown) =>
      site.ask('POST', `/api/v1/comments/${id}/${what}`, {
        ...(as ? { as } : {}),
        ...(body === undefined ? {} : { body }),
      });
    expect((await to('report', undefined, { reason: 'spam' })).status).toBe(401);
    expect((await to('report', reader, { reason: '' })).status).toBe(400);
    expect((await to('report', reader, { reason: 'spam' })).status).toBe(204);
    expect((await to('report', reader, { reason: 'spam' })).status).toBe(409);
    expect((await to('report', other, { reason: 'me' })).body['code']).toBe('comment_own_report');
    expect((await site.ask('GET', '/api/v1/comments/reported', { as: reader })).status).toBe(403);
    const open = reportedSchema.parse(
      (await site.ask('GET', '/api/v1/comments/reported', { as: editor })).body,
    );
    expect(open.items).toMatchObject([
      { comment: { id, text: 'Buy pills' }, reports: 1, reasons: ['spam'] },
    ]);
    expect((await to('hide', reader)).status).toBe(403);
    expect((await to('hide', editor)).status).toBe(204);
    const seen = async (as?: Person) =>
      commentPageSchema
        .parse((await site.ask('GET', `${path}?limit=100`, as ? { as } : {})).body)
        .items.find((item) => item.id === id);
    expect(await seen()).toBeUndefined();
    expect(await seen(editor)).toMatchObject({ status: 'hidden', text: 'Buy pills' });
    expect((await to('keep', editor)).status).toBe(204);
    expect(await seen()).toMatchObject({ status: 'visible' });
  });

  it('lets a writer delete the own comment and nobody else', async () => {
    const { reader, other, editor } = base.people;
    const { id } = commentSchema.parse((await post('Oops', reader)).body);
    const del = (as?: Person, of = id) =>
      site.ask('DELETE', `/api/v1/comments/${of}`, as ? { as } : {});
    expect((await del()).status).toBe(401);
    expect((await del(other)).body['code']).toBe('comment_not_own');
    expect((await del(editor)).status).toBe(403);
    expect((await del(reader)).status).toBe(204);
    expect((await del(reader)).status).toBe(404);
    expect((await del(reader, 'x')).status).toBe(400);
  });
});
