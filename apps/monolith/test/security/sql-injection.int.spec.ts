import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { openApi } from '../../src/openapi.ts';
import { operator, startMonolith } from '../monolith.ts';
import type { TestMonolith } from '../monolith.ts';
import { createSiteClient } from '../site-client.ts';
import type { Call } from '../site-client.ts';
import { createVisitor } from './visitor.ts';

const payloads = [
  `' OR '1'='1`,
  `'; DROP TABLE usr; --`,
  `' UNION SELECT pwd_hsh FROM usr --`,
  `1); DELETE FROM art; --`,
  `\\'; SELECT pg_sleep(60); --`,
  `$1`,
  `%' OR ''='`,
  `" OR ""="`,
  `x'||(SELECT pwd_hsh FROM usr LIMIT 1)||'`,
  `0x27204F522031`,
  `\u02bc OR 1=1`,
  `nul\u0000byte`,
];

const operations = z
  .record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        parameters: z.array(z.looseObject({ in: z.string(), name: z.string() })).optional(),
        requestBody: z
          .looseObject({ content: z.record(z.string(), z.looseObject({ schema: z.unknown() })) })
          .optional(),
      }),
    ),
  )
  .parse(openApi.paths);
const schemas = z.record(z.string(), z.unknown()).parse(openApi.components?.schemas ?? {});
const objectSchema = z.looseObject({
  $ref: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
});

/** The names of a body's fields. */
function fieldsOf(schema: unknown): string[] {
  const { $ref, properties } = objectSchema.parse(schema);
  if ($ref !== undefined) return fieldsOf(schemas[$ref.replace('#/components/schemas/', '')]);
  return Object.keys(properties ?? {});
}

type Place = { where: string; call: (payload: string) => [string, Call] };

/** Each parameter of each documented operation: in the path, in the query, in the body, in a header. */
function places(): Place[] {
  return Object.entries(operations).flatMap(([pattern, methods]) =>
    Object.entries(methods).flatMap(([method, { parameters = [], requestBody }]) => {
      const path = pattern.replace(/\{\w+\}/g, 'x');
      const named: Place[] = parameters.map(({ in: part, name }) => ({
        where: `${method} ${pattern} ${part} ${name}`,
        call: (payload) => {
          const value = encodeURIComponent(payload);
          if (part === 'path')
            return [pattern.replace(`{${name}}`, value).replace(/\{\w+\}/g, 'x'), { method }];
          if (part === 'query') return [`${path}?${name}=${value}`, { method }];
          return [path, { method, headers: { [name]: payload.replace(/[^\x20-\x7e]/g, '?') } }];
        },
      }));
      const bodies = Object.entries(requestBody?.content ?? {}).flatMap(([type, { schema }]) =>
        fieldsOf(schema).map((field): Place => ({
          where: `${method} ${pattern} body ${field}`,
          call: (payload) => {
            if (type !== 'application/json') return [path, { method, form: { [field]: payload } }];
            const rest = Object.fromEntries(fieldsOf(schema).map((other) => [other, 'x']));
            return [path, { method, json: { ...rest, [field]: payload } }];
          },
        })),
      );
      return [...named, ...bodies];
    }),
  );
}

let site: TestMonolith;
let token: string;
beforeAll(async () => {
  site = await startMonolith({ LOGIN_ATTEMPTS_PER_ACCOUNT: '100000' });
  token = await createSiteClient(site.url).token(operator.email);
  const line = {
    id: 'victim',
    title: 'Victim',
    body: 'B',
    section: 'Physics',
    author: 'A',
    authors: ['A'],
    keywords: [],
    related: [],
    topics: ['t'],
    publishedAt: '2024-01-01',
    type: 'News',
    bodyKind: 'full',
    licence: 'CC0',
    licenceUrl: 'https://example.org/',
    source: 'S',
    url: 'https://example.org/',
  };
  const headers = { 'content-type': 'application/x-ndjson' };
  await createSiteClient(site.url).call('/api/v1/imports/articles', {
    token,
    headers,
    raw: JSON.stringify(line),
  });
});
afterAll(() => site.close());

/** What no request here may change. */
const state = () =>
  site.query(
    `SELECT (SELECT string_agg(u::text, ',' ORDER BY usr_id) FROM usr u) AS users, (SELECT string_agg(a::text, ',' ORDER BY art_id) FROM art a) AS articles`,
  );

describe('SQL in a parameter', () => {
  it('is looked for in all of them', () => {
    const all = places().map(({ where }) => where);
    expect(all.length).toBeGreaterThan(60);
    expect(all).toContain('get /api/v1/search query q');
    expect(all).toContain('get /api/v1/articles/{id} path id');
    expect(all).toContain('post /api/v1/tokens body email');
  });

  it('is a value: no request fails on our side, tells anything or changes anything', async () => {
    const before = await state();
    const failed: string[] = [];
    for (const { where, call } of places()) {
      for (const payload of payloads) {
        const [path, options] = call(payload);
        const { status, text } = await createSiteClient(site.url).call(path, { ...options, token });
        if (
          status >= 500 ||
          /\$argon2|syntax error|pg_|relation "/i.test(
            text.replaceAll(JSON.stringify(payload).slice(1, -1), ''),
          )
        ) {
          failed.push(`${where} ${payload}: ${status} ${text.slice(0, 200)}`);
        }
      }
    }
    expect(failed).toEqual([]);
    expect(await state()).toEqual(before);
  });

  it('makes no condition true', async () => {
    for (const payload of payloads) {
      const value = encodeURIComponent(payload);
      for (const path of [
        `/api/v1/articles?author=${value}`,
        `/api/v1/articles?topic=${value}`,
        `/api/v1/articles?section=${value}`,
        `/api/v1/accounts?email=${value}`,
      ]) {
        const { status, body } = await createSiteClient(site.url).call(path, { token });
        if (status !== 400)
          expect([path, body]).toEqual([path, expect.objectContaining({ items: [] })]);
      }
      for (const json of [
        { email: payload, password: payload },
        { email: `${operator.email}${payload}`, password: 'x' },
        { email: operator.email, password: payload },
      ]) {
        const { status } = await createSiteClient(site.url).call('/api/v1/tokens', { json });
        expect([400, 401]).toContain(status);
      }
    }
  });

  it('is a value in the addresses of pages too', async () => {
    const before = await state();
    const visitor = createVisitor(site.url);
    await visitor.logIn(operator.email);
    const failed: string[] = [];
    for (const payload of payloads) {
      const value = encodeURIComponent(payload);
      const paths = [
        `/articles/${value}`,
        `/sections/${value}`,
        `/sections/${value}/feed.xml`,
        `/topics/${value}`,
        `/authors/${value}`,
        `/search?q=${value}`,
        `/unsubscribe/${value}`,
        `/desk?status=${value}`,
        `/desk?cursor=${value}`,
        `/desk/articles/${value}`,
        `/?cursor=${value}`,
        `/articles/victim?comments=${value}`,
        `/most-read?window=${value}`,
      ];
      for (const path of paths) {
        const { status, text } = await visitor.call(path);
        if (status >= 500 || text.includes('$argon2')) failed.push(`${path} ${status}`);
      }
    }
    expect(failed).toEqual([]);
    expect(await state()).toEqual(before);
  });

  it('is a value in the cookie and in the fields of forms', async () => {
    for (const payload of payloads) {
      const cookie = `ns_session=${encodeURIComponent(payload)}`;
      expect((await createSiteClient(site.url).call('/', { headers: { cookie } })).status).toBe(
        200,
      );
      const raw = `ns_session=${payload.replace(/[^\x20-\x7e]|[;,]/g, '')}`;
      expect(
        (await createSiteClient(site.url).call('/', { headers: { cookie: raw } })).status,
      ).toBe(200);
      const answer = await createVisitor(site.url).send('/login', '/login', {
        email: payload,
        password: payload,
      });
      expect([payload, answer.status]).toEqual([payload, 400]);
    }
    const visitor = createVisitor(site.url);
    await visitor.logIn(operator.email);
    for (const payload of payloads) {
      const forms: [string, string, Record<string, string>][] = [
        ['/account', '/account/follow', { topic: payload, section: payload }],
        ['/account', '/account/unfollow', { topic: payload, section: payload }],
        ['/articles/victim', '/articles/victim/comments', { text: 'x', parent: payload }],
        ['/articles/victim', `/articles/victim/comments/${encodeURIComponent(payload)}/delete`, {}],
        [
          '/articles/victim',
          `/articles/victim/comments/${encodeURIComponent(payload)}/report`,
          { reason: payload },
        ],
        ['/desk/new', '/desk/new', { title: '', section: payload, related: payload }],
        ['/desk/new', '/desk/articles/victim', { revision: payload, title: 'x' }],
      ];
      for (const [page, action, fields] of forms)
        expect((await visitor.send(page, action, fields)).status).toBeLessThan(500);
    }
  });

  it('is kept and shown as the text it is', async () => {
    const reader = await createSiteClient(site.url).registered(
      'sql@example.org',
      `O'Neill; DROP TABLE usr`,
    );
    const text = `Robert'); DROP TABLE cmt; --`;
    const answer = await createSiteClient(site.url).call('/api/v1/articles/victim/comments', {
      token: reader,
      json: { text },
    });
    expect(answer).toMatchObject({
      status: 201,
      body: { text, author: { name: `O'Neill; DROP TABLE usr` } },
    });
  });
});
