import { describe, expect, it } from '@jest/globals';

import { createConformance } from './openapi-conformance.ts';

const json = { 'content-type': 'application/json; charset=utf-8' };
const article = {
  id: 'why-the-sky-is-blue',
  title: 'Why the sky is blue',
  publishedAt: '2026-03-01T10:00:00Z',
};

const document = {
  openapi: '3.1.1',
  info: { title: 'Articles', version: '1' },
  paths: {
    '/articles': {
      get: {
        responses: {
          200: {
            description: 'A page',
            content: {
              'application/json': {
                schema: {
                  type: 'object',
                  properties: {
                    items: { type: 'array', items: { $ref: '#/components/schemas/Article' } },
                  },
                  required: ['items'],
                },
              },
            },
          },
        },
      },
    },
    '/articles/{id}': {
      get: {
        responses: {
          200: {
            description: 'An article',
            headers: {
              etag: { required: true, schema: { type: 'string', pattern: '^"\\d+"$' } },
              'x-age': { $ref: '#/components/headers/Age' },
            },
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Article' } } },
          },
          404: { $ref: '#/components/responses/Problem' },
          '5XX': { $ref: '#/components/responses/Problem' },
        },
      },
      delete: { responses: { 204: { description: 'Gone' } } },
    },
    '/articles/reported': {
      get: { responses: { 200: { description: 'Text', content: { 'text/*': {} } } } },
    },
    '/a.b/{x}': { get: { responses: { default: { description: 'Anything' } } } },
  },
  components: {
    headers: { Age: { schema: { type: 'integer', minimum: 0 } } },
    responses: {
      Problem: {
        description: 'A problem',
        content: {
          'application/problem+json': {
            schema: {
              type: 'object',
              properties: { code: { type: 'string' } },
              required: ['code'],
            },
          },
        },
      },
    },
    schemas: {
      Article: {
        type: 'object',
        properties: {
          id: { type: 'string' },
          title: { type: 'string', minLength: 3 },
          publishedAt: { anyOf: [{ type: 'string', format: 'date-time' }, { type: 'null' }] },
          status: { enum: ['draft', 'published'] },
        },
        required: ['id', 'title', 'publishedAt'],
        additionalProperties: false,
      },
    },
  },
};

const get = (path: string, status: number, headers: Record<string, string>, body?: unknown) => ({
  method: 'GET',
  path,
  status,
  headers,
  body,
});

describe('createConformance', () => {
  const { check } = createConformance(document);

  it.each([
    ['a parsed body', get('/articles/x', 200, { ...json, ETag: '"3"' }, article)],
    ['a body as text', get('/articles/x', 200, { ...json, etag: '"3"' }, JSON.stringify(article))],
    [
      'a body as bytes',
      get('/articles/x', 200, { ...json, etag: '"3"' }, Buffer.from(JSON.stringify(article))),
    ],
    ['a query', get('/articles?limit=2', 200, json, { items: [article] })],
    ['a lower-case method', { ...get('/articles', 200, json, { items: [] }), method: 'get' }],
    [
      'a null that is allowed',
      get('/articles', 200, json, { items: [{ ...article, publishedAt: null }] }),
    ],
    [
      'a referenced response',
      get('/articles/x', 404, { 'content-type': 'application/problem+json' }, { code: 'x' }),
    ],
    [
      'a range of statuses',
      get('/articles/x', 503, { 'content-type': 'application/problem+json' }, { code: 'x' }),
    ],
    [
      'a number in a header',
      get('/articles/x', 200, { ...json, etag: '"3"', 'x-age': '12' }, article),
    ],
    [
      'a range of content types, without a schema',
      get('/articles/reported', 200, { 'content-type': 'text/csv' }, 'a,b'),
    ],
    [
      'no body where none is documented',
      { method: 'DELETE', path: '/articles/x', status: 204, headers: {}, body: '' },
    ],
    [
      'HEAD by the rules of GET',
      { ...get('/articles/x', 200, { ...json, etag: '"3"' }), method: 'HEAD' },
    ],
    ['the default response', get('/a.b/x', 418, {})],
  ])('accepts %s', (_name, seen) => {
    expect(check(seen)).toEqual([]);
  });

  it('accepts the headers of fetch', () => {
    const headers = new Headers({ ...json, etag: '"3"' });
    expect(
      check({ method: 'GET', path: '/articles/x', status: 200, headers, body: article }),
    ).toEqual([]);
  });

  it.each([
    ['an undocumented path', get('/nowhere', 200, json, {}), /not a documented operation/],
    ['a longer path', get('/articles/x/y', 200, json, {}), /not a documented operation/],
    ['a dot that is not a dot', get('/aXb/x', 200, {}), /not a documented operation/],
    [
      'an undocumented method',
      { ...get('/articles', 200, json, {}), method: 'PUT' },
      /not a documented operation/,
    ],
    [
      'an undocumented status',
      get('/articles', 201, json, {}),
      /not a documented status; documented are 200/,
    ],
    [
      'an undocumented content type',
      get('/articles', 200, { 'content-type': 'text/html' }, '<p>'),
      /not of a documented content type/,
    ],
    ['a body without a content type', get('/articles', 200, {}, '{}'), /without a content-type/],
    ['a missing body', get('/articles', 200, json), /has no body/],
    [
      'a body too many',
      { method: 'DELETE', path: '/articles/x', status: 204, headers: json, body: '{}' },
      /none is documented/,
    ],
    ['broken JSON', get('/articles', 200, json, '{"items":'), /is not JSON/],
    ['a missing required header', get('/articles/x', 200, json, article), /is missing/],
    [
      'a header in another form',
      get('/articles/x', 200, { ...json, etag: '3' }, article),
      /must match pattern/,
    ],
    [
      'a header that is not a number',
      get('/articles/x', 200, { ...json, etag: '"3"', 'x-age': 'old' }, article),
      /must be integer/,
    ],
  ])('reports %s', (_name, seen, problem) => {
    const faults = check(seen);
    expect(faults).toHaveLength(1);
    expect(faults[0]?.problem).toMatch(problem);
  });

  it('reports all faults of a body, each with its place and value', () => {
    const body = {
      items: [article, { title: 'x', publishedAt: 'yesterday', status: 'lost', extra: 1 }],
    };
    const faults = check(get('/articles', 200, json, body));
    const places = faults.map(({ where, problem }) => `${where}: ${problem}`);
    expect(places).toEqual(
      expect.arrayContaining([
        "GET /articles 200 body/items/1: must have required property 'id'",
        'GET /articles 200 body/items/1: must NOT have additional properties: "extra"',
        'GET /articles 200 body/items/1/title: must NOT have fewer than 3 characters',
        'GET /articles 200 body/items/1/publishedAt: must match format "date-time"',
        'GET /articles 200 body/items/1/status: must be equal to one of the allowed values: ["draft","published"]',
      ]),
    );
    expect(faults.find(({ where }) => where.endsWith('/title'))?.value).toBe('x');
  });

  it('takes the literal path before the one with a parameter', () => {
    expect(check(get('/articles/reported', 200, json, article))[0]?.problem).toMatch(/text\/\*/);
  });

  it('lists what was never seen, and forgets nothing that was', () => {
    const { check: checkOne, uncovered } = createConformance(document);
    expect(uncovered()).toHaveLength(7);
    checkOne(get('/articles', 200, json, { items: [] }));
    checkOne(get('/articles/x', 502, json, {}));
    checkOne(get('/nowhere', 200, json, {}));
    expect(uncovered()).toEqual(
      expect.arrayContaining([
        'GET /articles/{id} 200',
        'GET /articles/{id} 404',
        'DELETE /articles/{id} 204',
      ]),
    );
    expect(uncovered()).not.toContain('GET /articles 200');
    expect(uncovered()).not.toContain('GET /articles/{id} 5XX');
  });

  it('refuses a document without paths', () => {
    expect(() => createConformance({ openapi: '3.1.1' })).toThrow(/no paths/);
  });
});
