import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createConformance } from '@newscience/testing/openapi-conformance';
import { parse } from 'yaml';
import { z } from 'zod';

import { serve } from '../test/served-app.ts';
import {
  buildOpenApi,
  checkOpenApi,
  defineOperation,
  expressPath,
  openApiText,
  writeOpenApi,
} from './openapi.ts';
import type { Operation } from './openapi.ts';
import { ProblemError } from './problem.ts';
import { parseRequest } from './validation.ts';

const article = z
  .object({ id: z.string(), title: z.string().max(200), publishedAt: z.iso.datetime().nullable() })
  .meta({ id: 'Article' });

const getArticle = defineOperation({
  method: 'get',
  path: '/api/v1/articles/{id}',
  operationId: 'getArticle',
  summary: 'An article',
  tags: ['articles'],
  params: z.object({ id: z.string().min(3) }),
  query: z.object({ limit: z.coerce.number().int().min(1).max(100).default(20) }),
  responses: {
    200: {
      description: 'The article',
      schema: article,
      headers: z.object({ etag: z.string().meta({ description: 'Its revision' }) }),
    },
    404: 'not_found',
  },
});

const publish = defineOperation({
  method: 'post',
  path: '/api/v1/articles',
  operationId: 'publishArticle',
  summary: 'Publishes',
  description: 'At once.',
  tags: ['articles'],
  security: ['bearer', 'session'],
  body: z.object({ title: z.string() }),
  responses: {
    201: { description: 'Done', schema: article },
    204: { description: 'Nothing to say' },
    409: ['article_conflict', 'article_locked'],
  },
});

const build = (operations: readonly Operation[] = [getArticle, publish]) =>
  buildOpenApi({
    title: 'Articles',
    version: '1.2.3',
    description: 'Sample.',
    servers: [{ url: 'http://127.0.0.1:8080' }],
    operations,
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      session: { type: 'apiKey', in: 'cookie', name: 'ns_session' },
    },
  });

describe('buildOpenApi', () => {
  const document = build();
  const get = document.paths?.['/api/v1/articles/{id}']?.get;
  const post = document.paths?.['/api/v1/articles']?.post;

  it('describes the service', () => {
    expect(document).toMatchObject({
      openapi: '3.1.1',
      info: { title: 'Articles', version: '1.2.3', description: 'Sample.' },
      servers: [{ url: 'http://127.0.0.1:8080' }],
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    });
  });

  it('describes parameters by the schemas that the routes parse with', () => {
    expect(get).toMatchObject({
      operationId: 'getArticle',
      tags: ['articles'],
      parameters: [
        { in: 'path', name: 'id', required: true, schema: { type: 'string', minLength: 3 } },
        {
          in: 'query',
          name: 'limit',
          schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
        },
      ],
    });
    expect(get?.security).toBeUndefined();
  });

  it('describes bodies, headers and named components', () => {
    expect(get?.responses?.['200']).toMatchObject({
      description: 'The article',
      headers: { etag: { description: 'Its revision' } },
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Article' } } },
    });
    expect(post).toMatchObject({
      description: 'At once.',
      requestBody: {
        required: true,
        content: { 'application/json': { schema: { type: 'object', required: ['title'] } } },
      },
      security: [{ bearer: [] }, { session: [] }],
    });
    expect(post?.responses?.['204']).toEqual({ description: 'Nothing to say' });
    expect(document.components?.schemas?.['Article']).toMatchObject({
      additionalProperties: false,
    });
  });

  it('adds the answers of the kit, and no more than that', () => {
    expect(Object.keys(get?.responses ?? {})).toEqual(['200', '400', '404', '500', '503']);
    expect(Object.keys(post?.responses ?? {})).toEqual([
      '201',
      '204',
      '400',
      '401',
      '403',
      '409',
      '413',
      '415',
      '500',
      '503',
    ]);
    expect(post?.responses?.['409']).toEqual({
      description: 'Problem: `article_conflict`, `article_locked`',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    });
  });

  it('takes another content type, for request and response', () => {
    const feed = defineOperation({
      ...publish,
      bodyContentType: 'application/x-ndjson',
      responses: {
        200: { description: 'RSS', schema: z.string(), contentType: 'application/rss+xml' },
      },
    });
    const operation = build([feed]).paths?.['/api/v1/articles']?.post;
    expect(operation).toMatchObject({ requestBody: { content: { 'application/x-ndjson': {} } } });
    expect(operation?.responses?.['200']).toHaveProperty(['content', 'application/rss+xml']);
  });

  it.each([
    ['id', { ...publish, operationId: 'getArticle' }, /getArticle is declared twice/],
    [
      'place',
      { ...getArticle, operationId: 'another' },
      /get \/api\/v1\/articles\/\{id\} is declared twice/,
    ],
  ])('refuses a second operation with the same %s', (_name, second, message) => {
    expect(() => build([getArticle, second])).toThrow(message);
  });

  it('describes what the kit really answers', async () => {
    const { check, uncovered } = createConformance(document);
    const app = await serve((routes) => {
      routes.get(expressPath(getArticle.path), (req, res) => {
        const { params, query } = parseRequest(req, getArticle);
        if (params.id === 'gone')
          throw new ProblemError({ code: 'not_found', detail: 'No such article.' });
        if (params.id === 'fail') throw new Error('inner');
        res
          .set('etag', '"1"')
          .json({ id: params.id, title: `of ${query.limit}`, publishedAt: null });
      });
    });
    const faults = [];
    for (const path of [
      '/api/v1/articles/sky',
      '/api/v1/articles/x?limit=0',
      '/api/v1/articles/gone',
      '/api/v1/articles/fail',
    ]) {
      const response = await fetch(app.url + path);
      faults.push(
        ...check({
          method: 'GET',
          path,
          status: response.status,
          headers: response.headers,
          body: await response.text(),
        }),
      );
    }
    await app.close();
    expect(faults).toEqual([]);
    expect(uncovered().filter((key) => key.startsWith('GET'))).toEqual([
      'GET /api/v1/articles/{id} 503',
    ]);
  });
});

describe('expressPath', () => {
  it.each([
    ['/api/v1/articles', '/api/v1/articles'],
    ['/articles/{id}/comments/{comment_id}', '/articles/:id/comments/:comment_id'],
  ])('%s is %s', (path, expected) => {
    expect(expressPath(path)).toBe(expected);
  });
});

describe('the file', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'newscience-openapi-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is written once, and fresh from then on until the code or the file changes', () => {
    const file = join(folder, 'openapi.yaml');
    expect(checkOpenApi(file, build())).toBe('missing');
    expect(writeOpenApi(file, build())).toBe('written');
    expect(checkOpenApi(file, build())).toBe('fresh');
    expect(writeOpenApi(file, build())).toBe('unchanged');
    expect(checkOpenApi(file, build([getArticle]))).toBe('stale');
    writeFileSync(file, `${readFileSync(file, 'utf8')}\n# edited by hand\n`);
    expect(checkOpenApi(file, build())).toBe('stale');
  });

  it('holds the document, without anchors', () => {
    const text = openApiText(build());
    expect(parse(text)).toEqual(JSON.parse(JSON.stringify(build())));
    expect(text).toMatch(/^# Generated from src\/openapi\.ts/);
    expect(text).not.toMatch(/[&*]a\d/);
  });

  it('that cannot be read is an error and not missing', () => {
    expect(() => checkOpenApi(folder, build())).toThrow(/EISDIR/);
  });
});
