import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { editor, startMonolith } from '../monolith.ts';
import type { TestMonolith } from '../monolith.ts';
import { createSiteClient } from '../site-client.ts';
import { createVisitor } from './visitor.ts';

const most = 4 * 1024 * 1024;
const json = { 'content-type': 'application/json' };

let site: TestMonolith;
let token: string;
beforeAll(async () => {
  site = await startMonolith();
  token = await createSiteClient(site.url).token(editor.email);
});
afterAll(() => site.close());

const post = (
  raw: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = json,
  path = '/api/v1/articles',
) => createSiteClient(site.url).call(path, { raw, headers, token });
const nested = (depth: number, inside = '1') => '['.repeat(depth) + inside + ']'.repeat(depth);

describe('bodies that are too much', () => {
  it('are read up to the limit and refused one byte above it', async () => {
    const fitting = JSON.stringify({ title: 'x'.repeat(most) }).slice(0, most - 2) + '"}';
    expect(Buffer.byteLength(fitting)).toBe(most);
    expect(await post(fitting)).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    expect(await post(`${fitting} `)).toMatchObject({
      status: 413,
      body: { code: 'body_too_large' },
    });
  });

  it('are measured unpacked: a small one that is large inside is refused', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20));
    expect(bomb.length).toBeLessThan(100_000);
    const answer = await post(new Uint8Array(bomb), { ...json, 'content-encoding': 'gzip' });
    expect(answer).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
  });

  it('are refused from anybody, before they are asked who they are', async () => {
    const answer = await createSiteClient(site.url).call('/api/v1/tokens', {
      raw: ' '.repeat(most + 1),
      headers: json,
    });
    expect(answer.status).toBe(413);
  });

  it('nested 32 deep are read, 33 deep and a million deep refused', async () => {
    expect(await post(nested(32))).toMatchObject({
      status: 400,
      body: { code: 'validation_failed' },
    });
    expect(await post(nested(33))).toMatchObject({ status: 400, body: { code: 'malformed_json' } });
    expect(await post(nested(1_000_000))).toMatchObject({
      status: 400,
      body: { code: 'malformed_json' },
    });
    expect((await post('{"a":'.repeat(600_000))).status).toBe(400);
    expect((await createSiteClient(site.url).call('/api/v1/sections')).status).toBe(200);
  });

  it('with a hundred thousand unknown fields are refused in an answer of bounded size', async () => {
    const wide = JSON.stringify(
      Object.fromEntries(Array.from({ length: 100_000 }, (_value, i) => [`field${i}`, i])),
    );
    const answer = await post(wide);
    expect(answer.status).toBe(400);
    expect(answer.text.length).toBeLessThan(100_000);
  });

  it('with fields that are far too long are refused without sending them back', async () => {
    const answer = await post(
      JSON.stringify({
        title: 'x'.repeat(1_000_000),
        section: 'y'.repeat(1_000_000),
        authors: ['z'.repeat(1_000_000)],
      }),
    );
    expect(answer.status).toBe(400);
    expect(answer.text.length).toBeLessThan(10_000);
  });

  it.each([
    ['a comment', '/api/v1/articles/any/comments', { text: 'x'.repeat(5001) }],
    ['a password', '/api/v1/tokens', { email: 'a@example.org', password: 'x'.repeat(1001) }],
    ['a mail address', '/api/v1/tokens', { email: 'x'.repeat(255), password: 'x' }],
    [
      'a name',
      '/api/v1/accounts',
      { email: 'a@example.org', name: 'x'.repeat(81), password: 'four words of mine' },
    ],
  ])('in one field: %s', async (_name, path, body) => {
    expect(await post(JSON.stringify(body), json, path)).toMatchObject({
      status: 400,
      body: { code: 'validation_failed' },
    });
  });

  it('as forms are refused too: by size and by number of fields', async () => {
    const visitor = createVisitor(site.url);
    expect(
      (await visitor.call('/login', { form: { email: 'x'.repeat(2 * 1024 * 1024) } })).status,
    ).toBe(413);
    const many = Object.fromEntries(Array.from({ length: 101 }, (_value, i) => [`f${i}`, 'x']));
    expect((await visitor.call('/login', { form: many })).status).toBe(400);
  });
});

describe('bodies that are no proper text', () => {
  it.each([
    ['no JSON', '{"a":'],
    ['two documents', '{}{}'],
    ['a number that is none', '{"limit":NaN}'],
    ['nothing', ''],
  ])('%s', async (_name, raw) => {
    expect((await post(raw)).status).toBe(400);
  });

  it('UTF-8 that is broken', async () => {
    const raw = new Uint8Array(
      Buffer.concat([
        Buffer.from('{"title":"'),
        Buffer.from([0xc3, 0x28, 0xff]),
        Buffer.from('"}'),
      ]),
    );
    expect(await post(raw)).toMatchObject({ status: 400, body: { code: 'malformed_json' } });
  });

  it.each(['\\u0000', '\\ud800', 'x\\u0000'])('characters no database keeps: %s', async (text) => {
    const raw = `{"title":"${text}","body":"${text}","section":"${text}","authors":["${text}"],"topics":["${text}"]}`;
    expect((await post(raw)).status).toBe(400);
    expect((await post(`{"text":"${text}"}`, json, '/api/v1/articles/any/comments')).status).toBe(
      400,
    );
    const logIn = await post(`{"email":"${text}","password":"${text}"}`, json, '/api/v1/tokens');
    expect([400, 401]).toContain(logIn.status);
    const register = await post(
      `{"email":"a@example.org","name":"${text}","password":"four words of mine"}`,
      json,
      '/api/v1/accounts',
    );
    expect(register.status).toBe(400);
  });

  it('another character set or encoding', async () => {
    expect((await post('{}', { 'content-type': 'application/json; charset=latin1' })).status).toBe(
      415,
    );
    expect((await post('{}', { ...json, 'content-encoding': 'zip' })).status).toBe(415);
  });
});
