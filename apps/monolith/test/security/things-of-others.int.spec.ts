import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { editor, operator, startMonolith } from '../monolith.ts';
import type { TestMonolith } from '../monolith.ts';
import { createSiteClient } from '../site-client.ts';
import type { Call } from '../site-client.ts';
import { createVisitor } from './visitor.ts';
import type { Visitor } from './visitor.ts';

const withId = z.looseObject({ id: z.string() });
const content = {
  title: 'Secret draft',
  body: 'Nobody else reads this.',
  section: 'physics',
  authors: ['Owner'],
};

let site: TestMonolith;
let tokens: Record<'owner' | 'other' | 'reader' | 'editor' | 'operator', string>;
let draft: string;
let embargoed: string;
let article: string;
let comment: string;
let otherPages: Visitor;

const call = (path: string, options: Call = {}) => createSiteClient(site.url).call(path, options);

beforeAll(async () => {
  site = await startMonolith();
  const client = createSiteClient(site.url);
  tokens = {
    owner: await client.registered('owner@example.org', 'Owner'),
    other: await client.registered('other@example.org', 'Other'),
    reader: await client.registered('reader@example.org', 'Reader'),
    editor: await client.token(editor.email),
    operator: await client.token(operator.email),
  };
  await site.query(
    `UPDATE usr SET rol = 'C' WHERE eml_lc IN ('owner@example.org', 'other@example.org')`,
  );
  await site.query(`INSERT INTO sect (sect_cd, sect_nm) VALUES ('physics', 'Physics')`);
  const write = async (token: string) =>
    withId.parse((await call('/api/v1/articles', { token, json: content })).body).id;
  draft = await write(tokens.owner);
  embargoed = await write(tokens.owner);
  article = await write(tokens.editor);
  const headers = { 'if-match': '"1"' };
  await call(`/api/v1/articles/${embargoed}/schedule`, {
    token: tokens.editor,
    headers,
    json: { embargoUntil: '2099-01-01T00:00:00Z' },
  });
  await call(`/api/v1/articles/${article}/publish`, {
    method: 'POST',
    token: tokens.editor,
    headers,
  });
  comment = withId.parse(
    (
      await call(`/api/v1/articles/${article}/comments`, {
        token: tokens.owner,
        json: { text: 'Mine' },
      })
    ).body,
  ).id;
  otherPages = createVisitor(site.url);
  await otherPages.logIn('other@example.org');
});
afterAll(() => site.close());

describe('what belongs to somebody else', () => {
  it.each(['draft', 'embargoed'] as const)('is not read: an article that is %s', async (which) => {
    const id = which === 'draft' ? draft : embargoed;
    for (const token of [undefined, tokens.reader, tokens.other]) {
      for (const path of [
        `/api/v1/articles/${id}`,
        `/api/v1/articles/${id}/related`,
        `/api/v1/articles/${id}/comments`,
      ]) {
        const answer = await call(path, token === undefined ? {} : { token });
        expect(answer).toMatchObject({ status: 404, body: { code: 'article_not_found' } });
        expect(answer.text).not.toContain('Secret');
      }
    }
    expect((await otherPages.call(`/articles/${id}`)).status).toBe(404);
    expect((await otherPages.call(`/desk/articles/${id}`)).status).toBe(404);
    expect((await call(`/api/v1/articles/${id}`, { token: tokens.owner })).status).toBe(200);
  });

  it('is in no list, feed or search', async () => {
    await call('/api/v1/search/batch-runs?wait=true', { method: 'POST', token: tokens.operator });
    for (const path of [
      '/api/v1/articles?author=Owner',
      '/api/v1/articles?status=draft',
      '/api/v1/articles?status=embargoed',
      '/api/v1/search?q=secret',
      '/api/v1/authors/Owner',
    ]) {
      const { text } = await call(path, { token: tokens.other });
      expect(text).not.toContain(draft.concat('"'));
      expect(text).not.toContain(embargoed.concat('"'));
    }
    for (const path of [
      '/',
      '/feed.xml',
      '/sections/physics',
      '/authors/Owner',
      '/desk',
      '/most-read',
    ]) {
      const { text } = await otherPages.call(path);
      expect(text).not.toContain(`/${draft}"`);
      expect(text).not.toContain(`/${embargoed}"`);
    }
  });

  it('is not changed, published, scheduled or withdrawn', async () => {
    const headers = { 'if-match': '"1"' };
    for (const token of [tokens.reader, tokens.other]) {
      for (const [action, json] of [
        ['', content],
        ['/publish', undefined],
        ['/schedule', { embargoUntil: '2099-01-01T00:00:00Z' }],
        ['/withdraw', undefined],
      ] as const) {
        const options = {
          method: action === '' ? 'PUT' : 'POST',
          token,
          headers,
          ...(json === undefined ? {} : { json }),
        };
        for (const id of [draft, article])
          expect([403, 404]).toContain(
            (await call(`/api/v1/articles/${id}${action}`, options)).status,
          );
      }
    }
    for (const button of ['save', 'publish', 'schedule']) {
      const answer = await otherPages.send('/desk/new', `/desk/articles/${draft}`, {
        ...content,
        authors: 'Me',
        revision: '1',
        action: button,
      });
      expect([403, 404]).toContain(answer.status);
    }
    expect([403, 404]).toContain(
      (await otherPages.send('/desk/new', `/desk/articles/${article}/withdraw`, { revision: '2' }))
        .status,
    );
    expect((await call(`/api/v1/articles/${draft}`, { token: tokens.owner })).body).toMatchObject({
      revision: 1,
      status: 'draft',
      title: 'Secret draft',
    });
    expect((await call(`/api/v1/articles/${article}`)).body).toMatchObject({
      revision: 2,
      status: 'published',
    });
  });

  it('is not published by a contributor, even their own', async () => {
    const answer = await call(`/api/v1/articles/${draft}/publish`, {
      method: 'POST',
      token: tokens.owner,
      headers: { 'if-match': '"1"' },
    });
    expect(answer.status).toBe(403);
  });

  it('is not deleted or hidden: a comment', async () => {
    for (const token of [tokens.other, tokens.reader]) {
      expect((await call(`/api/v1/comments/${comment}`, { method: 'DELETE', token })).status).toBe(
        403,
      );
      expect(
        (await call(`/api/v1/comments/${comment}/hide`, { method: 'POST', token })).status,
      ).toBe(403);
      expect(
        (await call(`/api/v1/comments/${comment}/keep`, { method: 'POST', token })).status,
      ).toBe(403);
    }
    for (const action of ['delete', 'hide', 'show']) {
      const answer = await otherPages.send(
        `/articles/${article}`,
        `/articles/${article}/comments/${comment}/${action}`,
        {},
      );
      expect(answer.status).toBe(403);
    }
    expect((await call(`/api/v1/articles/${article}/comments`)).body).toMatchObject({
      items: [{ text: 'Mine', status: 'visible' }],
    });
  });

  it('is not seen: reports, accounts, batches, desks of editors', async () => {
    const paths = [
      '/api/v1/comments/reported',
      '/api/v1/accounts',
      '/api/v1/search/batch-runs',
      '/api/v1/search/batch-settings',
      '/api/v1/digest/runs',
    ];
    for (const path of paths)
      expect([path, (await call(path, { token: tokens.other })).status]).toEqual([path, 403]);
    expect((await otherPages.call('/desk/comments')).status).toBe(403);
    const reader = createVisitor(site.url);
    await reader.logIn('reader@example.org');
    for (const path of ['/desk', '/desk/new', `/desk/articles/${draft}`])
      expect([path, (await reader.call(path)).status]).toEqual([path, 403]);
  });

  it('is not given to oneself: a role', async () => {
    const me = withId.parse((await call('/api/v1/me', { token: tokens.other })).body).id;
    for (const token of [tokens.other, tokens.editor]) {
      const answer = await call(`/api/v1/accounts/${me}/role`, {
        method: 'PUT',
        token,
        json: { role: 'operator' },
      });
      expect(answer.status).toBe(403);
    }
  });

  it('holds no longer once it is taken away: a role in a token or a session of before', async () => {
    const fallen = await createSiteClient(site.url).registered('fallen@example.org', 'Fallen');
    await site.query(`UPDATE usr SET rol = 'E' WHERE eml_lc = 'fallen@example.org'`);
    const token = await createSiteClient(site.url).token('fallen@example.org');
    const pages = createVisitor(site.url);
    await pages.logIn('fallen@example.org');
    expect((await call('/api/v1/comments/reported', { token })).status).toBe(200);
    const { id } = withId.parse((await call('/api/v1/me', { token: fallen })).body);
    await call(`/api/v1/accounts/${id}/role`, {
      method: 'PUT',
      token: tokens.operator,
      json: { role: 'reader' },
    });
    expect((await call('/api/v1/comments/reported', { token })).status).toBe(403);
    expect((await pages.call('/desk')).status).toBe(403);
  });

  it('stays when its owner is gone: comments without a name, articles as they are', async () => {
    const { password } = operator;
    expect(
      (await call('/api/v1/me', { method: 'DELETE', token: tokens.owner, json: { password } }))
        .status,
    ).toBe(204);
    const { body, text } = await call(`/api/v1/articles/${article}/comments`);
    expect(body).toMatchObject({
      items: [{ text: 'Mine', author: { id: null, name: 'deleted user' } }],
    });
    expect(text).not.toContain('Owner');
    expect((await otherPages.call(`/articles/${article}`)).text).toContain('deleted user');
    expect((await call(`/api/v1/articles/${draft}`, { token: tokens.editor })).status).toBe(200);
    const tables = await site.query<{ name: string; rows: string }>(
      `SELECT table_name AS name, query_to_xml(format('SELECT * FROM %I', table_name), true, false, '')::text AS rows
         FROM information_schema.tables WHERE table_schema = 'public'`,
    );
    expect(
      tables.filter(({ rows }) => rows.includes('owner@example.org')).map(({ name }) => name),
    ).toEqual([]);
  });
});

describe('paths that lead out', () => {
  it.each([
    '/assets/x/..%2f..%2f..%2fpackage.json',
    '/assets/..%2f..%2fpackage.json/x',
    '/assets/x/%2e%2e%2fsrc%2fmain.ts',
    '/pictures/..%2f..%2fpackage.json/x.svg',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/assets/x/....//package.json',
  ])('find nothing: %s', async (path) => {
    const { status, text } = await call(path);
    expect([200, 400, 404]).toContain(status);
    expect(text).not.toMatch(/"dependencies"|runService|root:/);
  });
});
