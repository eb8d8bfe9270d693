import { request } from 'node:http';
import { connect } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import { z } from 'zod';

import { nestedRouter, problemOf, serve } from '../test/served-app.ts';
import type { ServedApp } from '../test/served-app.ts';
import { requestIdOf } from './http-app.ts';
import { defineProblems, ProblemError } from './problem.ts';
import { currentTraceparent } from './tracing.ts';
import { parseRequest } from './validation.ts';

const problems = defineProblems({
  article_locked: { status: 409, title: 'The article is locked' },
});
const arrived = Promise.withResolvers<boolean>();
let app: ServedApp;

beforeAll(async () => {
  app = await serve(
    (routes) => {
      routes.post('/echo', (req, res) => {
        res.json({ body: parseRequest(req, { body: z.unknown() }).body });
      });
      routes.get('/articles/:id', (req, res) => {
        res.json({
          id: req.params.id,
          traceparent: currentTraceparent(),
          requestId: requestIdOf(res),
        });
      });
      routes.put('/articles/:id', (_req, res) => {
        res.status(204).end();
      });
      routes.get('/locked', () => {
        throw new ProblemError({
          code: 'article_locked',
          detail: 'An editor has it open.',
          retryable: true,
          retryAfterSeconds: 1.2,
          cause: new Error('inner'),
        });
      });
      routes.get('/undeclared', () => {
        throw new ProblemError({ code: 'never_declared', detail: 'inner detail' });
      });
      routes.get('/broken', async () => {
        await Promise.resolve();
        throw new TypeError('inner detail: postgres://u:hunter2@h/d');
      });
      routes.get('/thrown-text', () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- libraries do that
        throw 'inner detail';
      });
      routes.get('/refused', () => {
        throw Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:5432'), {
          code: 'ECONNREFUSED',
        });
      });
      routes.get('/half', (_req, res) => {
        res.write('half');
        setImmediate(() => res.destroy());
      });
      routes.get('/half-broken', (_req, res, next) => {
        res.write('half', () => next(new Error('too late')));
      });
      routes.get('/slow', (_req, res) => {
        arrived.resolve(res.headersSent);
      });
      routes.get('/address', (req, res) => {
        res.json({ ip: req.ip });
      });
      routes.use('/api/:version/articles/:id', nestedRouter());
    },
    { problems },
  );
});
afterAll(() => app.close());

/** The access line of a request. */
const lineOf = (requestId: string) =>
  eventually(() => {
    const line = app
      .log()
      .find((entry) => entry['requestId'] === requestId && entry['msg'] === 'request');
    if (line === undefined) throw new Error('not logged yet');
    return line;
  });

describe('an error', () => {
  it('that is declared is answered as declared, without its cause', async () => {
    const response = await fetch(`${app.url}/locked`, {
      headers: { 'x-request-id': 'request-12345' },
    });
    expect(response.headers.get('retry-after')).toBe('2');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await problemOf(response)).toEqual({
      type: 'urn:newscience:problem:article_locked',
      title: 'The article is locked',
      status: 409,
      detail: 'An editor has it open.',
      code: 'article_locked',
      instance: 'urn:newscience:request:request-12345',
      retryable: true,
    });
  });

  it.each(['/broken', '/undeclared', '/thrown-text'])(
    'of %s is internal_error: told to nobody, logged with the request id',
    async (path) => {
      const response = await fetch(`${app.url}${path}`);
      expect(response.status).toBe(500);
      const problem = await problemOf(response);
      expect(problem.code).toBe('internal_error');
      expect(JSON.stringify(problem)).not.toContain('inner detail');
      const requestId = response.headers.get('x-request-id');
      const logged = app
        .log()
        .find((entry) => entry['requestId'] === requestId && entry['level'] === 'error');
      expect(JSON.stringify(logged)).toContain('inner detail');
      expect(JSON.stringify(logged)).not.toContain('hunter2');
    },
  );

  it('of something that cannot be reached is unavailable, with a time to come back', async () => {
    const response = await fetch(`${app.url}/refused`);
    expect(response.headers.get('retry-after')).toBe('2');
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ status: 503, code: 'unavailable', retryable: true });
    expect(problem.detail).not.toContain('10.0.0.1');
  });

  it('after the answer has begun breaks the answer off', async () => {
    await expect(
      fetch(`${app.url}/half-broken`).then((response) => response.text()),
    ).rejects.toThrow();
  });

  it.each([
    ['GET', '/nowhere', 404, 'not_found', null],
    ['POST', '/articles/7', 405, 'method_not_allowed', 'GET, HEAD, PUT'],
    ['DELETE', '/api/v1/articles/7/comments/3', 405, 'method_not_allowed', 'GET, HEAD'],
    ['GET', '/api/v1/articles/7/nowhere', 404, 'not_found', null],
    ['GET', '/articles/%zz', 400, 'malformed_request', null],
  ])('%s %s is %d', async (method, path, status, code, allow) => {
    const response = await fetch(`${app.url}${path}`, { method });
    expect(response.status).toBe(status);
    expect(response.headers.get('allow')).toBe(allow);
    expect(await problemOf(response)).toMatchObject({ code });
  });

  it('is shown in another way where the service has one, and as a problem where that fails', async () => {
    const other = await serve(
      (routes) => {
        routes.get('/fails', () => {
          throw new Error('x');
        });
      },
      {
        answerProblem: (req, res, problem) => {
          if (req.path === '/fails') throw new Error('no template');
          res.status(problem.status).type('html').send(`<h1>${problem.title}</h1>`);
        },
      },
    );
    expect(await (await fetch(`${other.url}/nowhere`)).text()).toBe('<h1>Not found</h1>');
    expect(await problemOf(await fetch(`${other.url}/fails`))).toMatchObject({
      code: 'internal_error',
    });
    await other.close();
  });
});

describe('the request id', () => {
  it.each(['request-1', 'a'.repeat(128), '0af7651916cd43dd.8448_eb'])(
    '%s is taken over',
    async (given) => {
      const response = await fetch(`${app.url}/articles/7`, { headers: { 'x-request-id': given } });
      expect(response.headers.get('x-request-id')).toBe(given);
      expect(await response.json()).toMatchObject({ requestId: given });
    },
  );

  it.each(['short12', 'a'.repeat(129), 'with blank', 'with"quote"', ''])(
    '%j is replaced',
    async (given) => {
      const response = await fetch(`${app.url}/articles/7`, { headers: { 'x-request-id': given } });
      expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    },
  );
});

describe('trace context', () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';

  it('is passed on as a child of the caller', async () => {
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-00` };
    const seen: unknown = await (await fetch(`${app.url}/articles/7`, { headers })).json();
    expect(seen).toHaveProperty(
      'traceparent',
      expect.stringMatching(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`)),
    );
    expect(seen).not.toHaveProperty('traceparent', expect.stringContaining('b7ad6b7169203331'));
  });

  it('is made where there is none', async () => {
    const seen: unknown = await (
      await fetch(`${app.url}/articles/7`, { headers: { traceparent: 'nonsense' } })
    ).json();
    expect(seen).toHaveProperty(
      'traceparent',
      expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
    );
  });
});

describe('the access line', () => {
  it.each([
    ['GET', '/articles/secret-path?token=hunter2', '/articles/:id', 200],
    ['GET', '/api/v1/articles/7/comments/3', '/api/:version/articles/:id/comments/:comment', 200],
    ['GET', '/api/v1/articles/7/fail', '/api/:version/articles/:id/fail', 500],
    ['GET', '/nowhere/secret-path', '(unmatched)', 404],
    ['POST', '/echo', '/echo', 415],
    ['HEAD', '/articles/secret-path', '/articles/:id', 200],
  ])('of %s %s has the pattern and not the path', async (method, path, route, status) => {
    const body = method === 'POST' ? 'text' : null;
    const response = await fetch(`${app.url}${path}`, { method, body });
    const line = await lineOf(response.headers.get('x-request-id') ?? '');
    expect(line).toMatchObject({ method, route, status, ms: expect.any(Number), level: 'info' });
    expect(JSON.stringify(line)).not.toMatch(/secret-path|hunter2/);
    expect(await app.metrics.registry.metrics()).toContain(
      `method="${method}",route="${route}",status="${status}"`,
    );
  });

  it('of a refused body has the pattern too', async () => {
    const response = await fetch(`${app.url}/echo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{',
    });
    expect(await lineOf(response.headers.get('x-request-id') ?? '')).toMatchObject({
      route: '/echo',
      status: 400,
    });
  });

  it('says when the client went away, before or within the answer', async () => {
    const away = request(`${app.url}/slow`, { headers: { 'x-request-id': 'went-away-before' } });
    away.on('error', () => undefined);
    away.end();
    await arrived.promise;
    away.destroy();
    expect(await lineOf('went-away-before')).toMatchObject({ status: 499, aborted: true });
    await expect(
      fetch(`${app.url}/half`, { headers: { 'x-request-id': 'broken-within' } }).then((response) =>
        response.text(),
      ),
    ).rejects.toThrow();
    expect(await lineOf('broken-within')).toMatchObject({ status: 200, aborted: true });
  });

  it('of health and metrics is for debugging only', async () => {
    const response = await fetch(`${app.url}/health/live`);
    expect(await lineOf(response.headers.get('x-request-id') ?? '')).toMatchObject({
      level: 'debug',
    });
  });
});

describe('what every service answers', () => {
  it('is alive', async () => {
    expect(await (await fetch(`${app.url}/health/live`)).json()).toEqual({ status: 'live' });
  });

  it('is ready, degraded or unready', async () => {
    const own = await serve(() => undefined);
    const status = async () => {
      const response = await fetch(`${own.url}/health/ready`);
      return [
        response.status,
        z.object({ status: z.string() }).parse(await response.json()).status,
      ];
    };
    expect(await status()).toEqual([200, 'ready']);
    own.health.add('mail', () => Promise.reject(new Error('no')), { critical: false });
    expect(await status()).toEqual([200, 'degraded']);
    own.health.add('database', () => Promise.reject(new Error('no')));
    expect(await status()).toEqual([503, 'unready']);
    await own.close();
  });

  it('shows its metrics', async () => {
    const response = await fetch(`${app.url}/metrics`);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=/);
    expect(await response.text()).toContain('nodejs_eventloop_lag_seconds');
  });

  it('does not say what it is made of, and forbids browsers what data does not need', async () => {
    const { headers } = await fetch(`${app.url}/articles/7`);
    expect(headers.has('x-powered-by')).toBe(false);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none';frame-ancestors 'none'",
    );
  });

  it.each([
    [undefined, '127.0.0.1'],
    [true, '203.0.113.9'],
    [2, '198.51.100.1'],
  ])('with trustProxy %p believes %s to be the client', async (trustProxy, expected) => {
    const options = trustProxy === undefined ? {} : { trustProxy };
    const own = await serve(
      (routes) => routes.get('/address', (req, res) => void res.json({ ip: req.ip })),
      options,
    );
    const headers = { 'x-forwarded-for': '192.0.2.66, 198.51.100.1, 203.0.113.9' };
    expect(await (await fetch(`${own.url}/address`, { headers })).json()).toEqual({ ip: expected });
    await own.close();
  });

  it('survives a client that speaks no HTTP', async () => {
    const socket = connect(app.port, '127.0.0.1');
    socket.end('\u0016\u0003\u0001nonsense\r\n\r\n');
    await new Promise((resolve) => socket.on('close', resolve).resume());
    expect((await fetch(`${app.url}/health/live`)).status).toBe(200);
  });
});
