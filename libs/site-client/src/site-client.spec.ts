import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Credentials, Site } from './find-site.ts';
import { SiteClient } from './site-client.ts';
import { canRetry } from './site-error.ts';

type Seen = { method: string; url: string; headers: IncomingMessage['headers']; body: string };
type Handler = (seen: Seen, res: ServerResponse) => void;

let server: Server;
let origin: string;
let seen: Seen[];
let handler: Handler;

beforeEach(async () => {
  seen = [];
  handler = (_, res) => json(res, 200, { fine: true });
  server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const { method = '', url = '', headers } = req;
      const request = { method, url, headers, body: Buffer.concat(chunks).toString() };
      seen.push(request);
      if (url === '/api/v1/tokens') answerLogin(request, res);
      else handler(request, res);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  origin = `http://127.0.0.1:${address.port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

let logins = 0;
let answerLogin: Handler = loginAnswer;

function loginAnswer(_: Seen, res: ServerResponse): void {
  logins += 1;
  json(res, 200, { accessToken: `token-${logins}`, tokenType: 'Bearer', expiresIn: 900 });
}

beforeEach(() => {
  logins = 0;
  answerLogin = loginAnswer;
});

function json(res: ServerResponse, status: number, body: unknown, type = 'application/json'): void {
  res.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
}

const password: Credentials = {
  kind: 'password',
  email: 'ada@newscience.example',
  password: 'secret words',
};

function client(changes: Partial<Site> = {}, now?: () => number): SiteClient {
  const site = {
    url: origin,
    operatorUrl: origin,
    services: [],
    credentials: password,
    foundBy: 'test',
    ...changes,
  };
  return new SiteClient(site, now === undefined ? {} : { now });
}

const tokens = () =>
  seen.filter(({ url }) => url !== '/api/v1/tokens').map(({ headers }) => headers.authorization);

describe('a call', () => {
  it('logs in once and carries the token', async () => {
    const site = client();
    expect(await site.call({ method: 'GET', path: '/x' })).toMatchObject({
      ok: true,
      value: { status: 200, body: { fine: true } },
    });
    await site.call({ method: 'POST', path: '/y', json: { a: 1 } });
    expect(logins).toBe(1);
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
      email: 'ada@newscience.example',
      password: 'secret words',
    });
    expect(tokens()).toEqual(['Bearer token-1', 'Bearer token-1']);
    expect(seen[2]).toMatchObject({
      method: 'POST',
      body: '{"a":1}',
      headers: { 'content-type': 'application/json' },
    });
  });

  it('uses a given token without logging in', async () => {
    await client({ credentials: { kind: 'token', token: 'given' } }).call({
      method: 'GET',
      path: '/x',
    });
    expect(logins).toBe(0);
    expect(tokens()).toEqual(['Bearer given']);
  });

  it('sends a body as it is', async () => {
    await client().call({
      method: 'POST',
      path: '/x',
      body: 'a\nb\n',
      headers: { 'content-type': 'application/x-ndjson' },
    });
    expect(seen[1]).toMatchObject({
      body: 'a\nb\n',
      headers: { 'content-type': 'application/x-ndjson' },
    });
  });

  it('renews a token half a minute before its end, and not earlier', async () => {
    let time = 0;
    const site = client({}, () => time);
    await site.call({ method: 'GET', path: '/x' });
    time = 869_999;
    await site.call({ method: 'GET', path: '/x' });
    expect(logins).toBe(1);
    time = 870_000;
    await site.call({ method: 'GET', path: '/x' });
    expect(logins).toBe(2);
  });

  it('logs in once more where the site no longer takes the token', async () => {
    handler = ({ headers }, res) =>
      headers.authorization === 'Bearer token-1'
        ? json(res, 401, { code: 'unauthorized' })
        : json(res, 200, {});
    expect(await client().call({ method: 'GET', path: '/x' })).toMatchObject({ ok: true });
    expect(tokens()).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('does not go on logging in', async () => {
    handler = (_, res) => json(res, 401, { code: 'unauthorized', detail: 'no' });
    expect(await client().call({ method: 'GET', path: '/x' })).toMatchObject({
      ok: false,
      error: { code: 'not_authorised', detail: 'no' },
    });
    expect(logins).toBe(2);
  });

  it('tells a lack of rights from a refusal', async () => {
    handler = (_, res) =>
      json(res, 403, { code: 'forbidden', detail: 'operators only' }, 'application/problem+json');
    expect(await client().call({ method: 'GET', path: '/x' })).toMatchObject({
      error: { code: 'not_authorised', refusal: { status: 403, code: 'forbidden' } },
    });
    expect(logins).toBe(1);
  });

  it('gives a problem back as data', async () => {
    const problem = {
      code: 'route_duplicate',
      title: 't',
      detail: 'd',
      retryable: false,
      faults: [{ pointer: '/a', problem: 'p' }],
      other: 1,
    };
    handler = (_, res) => json(res, 409, problem, 'application/problem+json');
    const answer = await client().call({ method: 'PUT', path: '/x' });
    expect(answer).toMatchObject({
      error: {
        code: 'refused',
        detail: 'd',
        refusal: {
          status: 409,
          code: 'route_duplicate',
          faults: problem.faults,
          body: { other: 1 },
        },
      },
    });
    expect(answer.ok || canRetry(answer.error)).toBe(false);
  });

  it.each([
    [503, true],
    [502, true],
    [429, true],
    [500, false],
    [404, false],
  ])(
    'understands status %i without a problem body; to be tried again: %s',
    async (status, retryable) => {
      handler = (_, res) => res.writeHead(status).end('<html>');
      const answer = await client().call({ method: 'GET', path: '/x' });
      expect(answer).toMatchObject({
        error: { code: 'refused', refusal: { code: `http_${status}` } },
      });
      expect(!answer.ok && canRetry(answer.error)).toBe(retryable);
    },
  );

  it('does not follow a redirect, which would carry the token elsewhere', async () => {
    handler = (_, res) => res.writeHead(302, { location: '/elsewhere' }).end();
    expect(await client().call({ method: 'GET', path: '/x' })).toMatchObject({
      error: { code: 'refused', refusal: { status: 302 } },
    });
    expect(seen.some(({ url }) => url === '/elsewhere')).toBe(false);
  });

  it('says that nothing listens', async () => {
    const credentials: Credentials = { kind: 'token', token: 't' };
    const gone = client({ credentials });
    await new Promise((resolve) => server.close(resolve));
    const answer = await gone.call({ method: 'GET', path: '/x' });
    const detail = expect.stringContaining(`nothing listens at ${origin}`);
    expect(answer).toMatchObject({ error: { code: 'site_unreachable', detail } });
    expect(!answer.ok && canRetry(answer.error)).toBe(true);
    server.listen(0);
  });

  it('says what else is in the way', async () => {
    const answer = await client({ url: 'http://127.0.0.1:1' }).call({ method: 'GET', path: '/x' });
    const detail = 'http://127.0.0.1:1 cannot be reached (bad port)';
    expect(answer).toMatchObject({ error: { code: 'site_unreachable', detail } });
  });

  it('says that no answer came in time', async () => {
    handler = () => undefined;
    const answer = await client().call({ method: 'GET', path: '/x', timeoutMs: 50 });
    expect(answer).toMatchObject({
      error: { code: 'site_unreachable', detail: expect.stringContaining('within 0.05 s') },
    });
  });

  it('ends when its caller says so', async () => {
    handler = () => undefined;
    const site = client();
    await site.call({ method: 'GET', path: '/api/v1/tokens' });
    await expect(
      site.call({ method: 'GET', path: '/x', signal: AbortSignal.abort() }),
    ).rejects.toThrow();
  });

  it('goes to the door that is named, and says where its address is missing', async () => {
    const site = client({ url: undefined, credentials: { kind: 'token', token: 't' } });
    expect(await site.call({ method: 'GET', path: '/x', door: 'operator' })).toMatchObject({
      ok: true,
    });
    expect(await site.call({ method: 'GET', path: '/x' })).toMatchObject({
      error: { code: 'site_not_found', detail: expect.stringContaining('--url') },
    });
    const other = client({ operatorUrl: undefined });
    expect(await other.call({ method: 'GET', path: '/x', door: 'operator' })).toMatchObject({
      error: { code: 'site_not_found', detail: expect.stringContaining('--operator-url') },
    });
  });
});

describe('logging in', () => {
  it('needs credentials and an address', async () => {
    expect(
      await client({ credentials: { kind: 'none', remedy: 'do this' } }).call({
        method: 'GET',
        path: '/x',
      }),
    ).toMatchObject({
      error: { code: 'credentials_missing', detail: expect.stringContaining('do this') },
    });
    expect(
      await client({ url: undefined }).call({ method: 'GET', path: '/x', door: 'operator' }),
    ).toMatchObject({ error: { code: 'site_not_found' } });
  });

  it('is refused by the site with its own words', async () => {
    answerLogin = (_, res) =>
      json(res, 401, { code: 'credentials_wrong', detail: 'wrong password' });
    expect(await client().call({ method: 'GET', path: '/x' })).toMatchObject({
      error: { code: 'login_refused', detail: expect.stringContaining('wrong password') },
    });
  });

  it('notices that this is something else', async () => {
    answerLogin = (_, res) => json(res, 200, { hello: 1 });
    expect(await client().call({ method: 'GET', path: '/x' })).toMatchObject({
      error: { code: 'answer_not_understood' },
    });
  });
});

describe('a stream', () => {
  it('is given back as soon as it begins, and may go on for longer than the time-out', async () => {
    handler = (_, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write('one ');
      setTimeout(() => res.end('two'), 300);
    };
    const opened = await client().open({ method: 'GET', path: '/x', timeoutMs: 150 });
    expect(opened.ok && (await opened.value.text())).toBe('one two');
  });

  it('that is refused, or does not begin in time, is an error', async () => {
    handler = (_, res) => json(res, 503, { code: 'too_many_streams', detail: 'later' });
    expect(await client().open({ method: 'GET', path: '/x' })).toMatchObject({
      ...{ ok: false, error: { code: 'refused', detail: 'later' } },
    });
    handler = () => undefined;
    expect(await client().open({ method: 'GET', path: '/x', timeoutMs: 50 })).toMatchObject({
      ...{ ok: false, error: { code: 'site_unreachable' } },
    });
  });

  it('is asked for once more with a new token', async () => {
    handler = ({ headers }, res) =>
      headers.authorization === 'Bearer token-1' ? json(res, 401, {}) : json(res, 200, {});
    expect(await client().open({ method: 'GET', path: '/x' })).toMatchObject({ ok: true });
    expect(tokens()).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('ends where its caller ends it', async () => {
    handler = (_, res) => res.writeHead(200).write('one');
    const stop = new AbortController();
    const opened = await client().open({ method: 'GET', path: '/x', signal: stop.signal });
    stop.abort();
    expect(opened.ok).toBe(true);
    if (opened.ok) await expect(opened.value.text()).rejects.toThrow();
  });
});

describe('a service of the site', () => {
  it('is asked at its own address with the same token', async () => {
    const elsewhere = client({ operatorUrl: undefined });
    const door = { url: origin };
    await elsewhere.call({ method: 'GET', path: '/admin/events/lag', door });
    expect(seen.at(-1)).toMatchObject({ url: '/admin/events/lag' });
    expect(tokens()).toEqual(['Bearer token-1']);
  });
});
