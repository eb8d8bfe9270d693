import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { createCircuitBreaker } from './circuit-breaker.ts';
import { parseRetryAfter } from './domain/retry-after.ts';
import { consecutiveFailures } from './domain/trip/consecutive-failures.ts';
import { wrapFetch } from './fetch.ts';
import { pipeline } from './pipeline.ts';
import { CircuitOpen, TimeoutExceeded } from './rejections.ts';
import { createRetry } from './retry.ts';
import { createTimeout } from './timeout.ts';

let url = '';
let answers: ((request: IncomingMessage, response: ServerResponse) => void)[];
let seen: string[];
const server = createServer((request, response) => {
  seen.push(`${request.method}`);
  const answer = answers.shift();
  if (answer === undefined) response.end('well');
  else answer(request, response);
});
const status =
  (code: number, headers = {}) =>
  (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(code, headers).end(`status ${code}`);
  };

beforeEach(async () => {
  answers = [];
  seen = [];
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const retry = () => createRetry({ name: 'again', backoff: { baseMs: 0, capMs: 0 } });

describe('fetch with policies', () => {
  it('tries safe requests again and gives back the answer, whole', async () => {
    answers = [status(503), status(502)];
    const response = await wrapFetch(retry())(url);
    expect([response.status, await response.text()]).toEqual([200, 'well']);
    expect(seen).toHaveLength(3);
  });

  it('gives back the last failure as the response that it is', async () => {
    answers = [status(503), status(503), status(503, { 'x-note': 'n' })];
    const response = await wrapFetch(retry())(url);
    expect([response.status, response.headers.get('x-note'), await response.text()]).toEqual([
      503,
      'n',
      'status 503',
    ]);
  });

  it.each([
    ['a POST', { method: 'POST', body: 'b' }, 1],
    ['a POST with a key', { method: 'POST', body: 'b', headers: { 'Idempotency-Key': 'k' } }, 2],
    ['a DELETE', { method: 'DELETE' }, 1],
    ['a HEAD', { method: 'HEAD' }, 2],
    [
      'a stream with a key',
      {
        method: 'PUT',
        headers: { 'Idempotency-Key': 'k' },
        duplex: 'half',
        body: new Blob(['b']).stream(),
      },
      1,
    ],
  ])('of %s', async (_what, init, attempts) => {
    answers = [status(503)];
    await (await wrapFetch(retry())(url, init as RequestInit)).text();
    expect(seen).toHaveLength(attempts);
  });

  it('repeats a Request that has a body', async () => {
    answers = [status(503)];
    const request = new Request(url, {
      method: 'POST',
      body: 'b',
      headers: { 'idempotency-key': 'k' },
    });
    expect((await wrapFetch(retry())(request)).status).toBe(200);
  });

  it('does not try again what would end the same way', async () => {
    answers = [status(500), status(404)];
    expect((await wrapFetch(retry())(url)).status).toBe(500);
    expect((await wrapFetch(retry())(url)).status).toBe(404);
    expect(seen).toHaveLength(2);
  });

  it('rejects where a policy refuses, and where the time is over', async () => {
    const breaker = createCircuitBreaker({ name: 'b', trip: consecutiveFailures(1) });
    answers = [() => undefined];
    const guarded = wrapFetch(pipeline(breaker, createTimeout({ name: 't', ms: 50 })));
    await expect(guarded(url)).rejects.toBeInstanceOf(TimeoutExceeded);
    await expect(guarded(url)).rejects.toBeInstanceOf(CircuitOpen);
    expect(seen).toHaveLength(1);
  });
});

describe('Retry-After', () => {
  const now = Date.UTC(2026, 0, 1, 12, 0, 0);
  it.each([
    ['0', 0],
    ['120', 120_000],
    [' 7 ', 7000],
    ['Thu, 01 Jan 2026 12:00:30 GMT', 30_000],
    ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
    ['-1', undefined],
    ['1.5', undefined],
    ['2026-01-01', undefined],
    ['soon', undefined],
    ['99999999999', undefined],
    [null, undefined],
  ])('%p is %p', (header, ms) => {
    expect(parseRetryAfter(header, now)).toBe(ms);
  });
});
