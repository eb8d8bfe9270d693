import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { editor, password, startMonolith } from '../monolith.ts';
import type { TestMonolith } from '../monolith.ts';
import { createSiteClient } from '../site-client.ts';
import { createVisitor } from './visitor.ts';

let site: TestMonolith;
let token: string;
beforeAll(async () => {
  site = await startMonolith();
  token = await createSiteClient(site.url).token(editor.email);
});
afterAll(() => site.close());

const call = (path: string, options: object) => createSiteClient(site.url).call(path, options);
const more = [
  { role: 'operator' },
  { rol: 'O' },
  { usrId: 1 },
  { id: '1' },
  { sts: 'A' },
  { tok_ver: 0 },
  { createdAt: '2001-01-01T00:00:00Z' },
];

describe('nobody sets what is not theirs to set', () => {
  it.each(more)('by registering with %j', async (extra) => {
    const json = { email: 'mass@example.org', name: 'Mass', password, ...extra };
    expect(await call('/api/v1/accounts', { json })).toMatchObject({
      status: 400,
      body: { code: 'validation_failed' },
    });
    expect(await site.query(`SELECT 1 FROM usr WHERE eml_lc = 'mass@example.org'`)).toEqual([]);
  });

  it('by registering on the page', async () => {
    const fields = {
      email: 'mass-page@example.org',
      name: 'Mass',
      password,
      role: 'operator',
      rol: 'O',
    };
    expect((await createVisitor(site.url).send('/register', '/register', fields)).status).toBe(303);
    expect(await site.query(`SELECT rol FROM usr WHERE eml_lc = 'mass-page@example.org'`)).toEqual([
      { rol: 'R' },
    ]);
  });

  it('by way of __proto__ or constructor', async () => {
    const raw = `{"email":"proto@example.org","name":"P","password":"${password}","__proto__":{"role":"operator"},"constructor":{"prototype":{"rol":"O"}}}`;
    const answer = await call('/api/v1/accounts', {
      raw,
      headers: { 'content-type': 'application/json' },
    });
    expect([202, 400]).toContain(answer.status);
    expect(
      (
        await site.query<{ rol: string }>(`SELECT rol FROM usr WHERE eml_lc = 'proto@example.org'`)
      ).filter(({ rol }) => rol !== 'R'),
    ).toEqual([]);
    expect(Reflect.get({}, 'role')).toBeUndefined();
    const fresh = await createSiteClient(site.url).registered('after-proto@example.org');
    expect((await call('/api/v1/me', { token: fresh })).body).toMatchObject({ role: 'reader' });
  });

  it('by changing the password', async () => {
    const reader = await createSiteClient(site.url).registered('mass-password@example.org');
    const json = {
      currentPassword: password,
      newPassword: 'orbits of the outer planets',
      role: 'operator',
    };
    expect((await call('/api/v1/me/password', { token: reader, json })).status).toBe(400);
    expect((await call('/api/v1/me', { token: reader })).body).toMatchObject({ role: 'reader' });
  });

  it.each([
    { status: 'published' },
    { revision: 9 },
    { publishedAt: '2001-01-01T00:00:00Z' },
    { ownUsrId: 1 },
    { id: 'mine' },
    { commentCount: 5 },
  ])('by writing an article with %j', async (extra) => {
    const json = {
      title: 'T',
      body: 'B',
      section: 'nothing',
      authors: ['A'],
      topics: [],
      ...extra,
    };
    const answer = await call('/api/v1/articles', { token, json });
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    expect(answer.text).toContain(`/body/${Object.keys(extra)[0] ?? ''}`);
  });

  it.each([
    { author: { id: '1' } },
    { userId: 1 },
    { status: 'visible' },
    { createdAt: '2001-01-01T00:00:00Z' },
  ])('by commenting with %j', async (extra) => {
    const answer = await call('/api/v1/articles/any/comments', {
      token,
      json: { text: 'T', ...extra },
    });
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  });
});
