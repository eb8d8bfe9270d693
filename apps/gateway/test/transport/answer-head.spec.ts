import { afterEach, describe, expect, it } from '@jest/globals';
import { valueOf, valuesOf } from '@newscience/testing/raw-http';
import { head, roundTrip, startHarness, stopAll } from './harness.ts';

afterEach(stopAll);

const get = head('GET / HTTP/1.1', 'Host: h');

describe('status line', () => {
  it.each([
    [200, 'OK'],
    [200, 'Everything Fine'],
    [201, 'Created'],
    [206, 'Partial Content'],
    [299, 'Odd'],
    [301, 'Moved Permanently'],
    [401, 'Unauthorized'],
    [404, 'Not Found'],
    [429, 'Too Many Requests'],
    [499, 'Own'],
    [500, 'Internal Server Error'],
    [502, 'Theirs'],
    [599, 'Far Out'],
    [799, 'Further Out'],
  ])('%d %s passes unchanged', async (status, reason) => {
    const harness = await startHarness();
    const { got } = await roundTrip(
      harness,
      get,
      head(`HTTP/1.1 ${status} ${reason}`, 'Content-Length: 0'),
    );
    expect(got.startLine).toBe(`HTTP/1.1 ${status} ${reason}`);
    expect(await harness.ended(1)).toMatchObject([{ status, fault: '' }]);
  });

  it.each(['HTTP/1.1 200 ', 'HTTP/1.1 200'])('may come without a reason: %j', async (line) => {
    const harness = await startHarness();
    const { got } = await roundTrip(harness, get, head(line, 'Content-Length: 0'));
    expect(got.status).toBe(200);
  });

  it('of an upstream of HTTP/1.0 becomes one of HTTP/1.1', async () => {
    const harness = await startHarness();
    const { got } = await roundTrip(
      harness,
      get,
      `${head('HTTP/1.0 200 OK', 'Content-Length: 2')}ok`,
    );
    expect(got.startLine).toBe('HTTP/1.1 200 OK');
    expect(got.body.toString()).toBe('ok');
  });
});

describe('answer fields', () => {
  it('keep order, case, duplicates and bytes', async () => {
    const harness = await startHarness();
    const lines = [
      'X-Zulu: 1',
      'Set-Cookie: a=1; Path=/; HttpOnly',
      'x-alpha: 2',
      'set-cookie: b=2, c; Expires=Wed, 21 Oct 2026 07:28:00 GMT',
      'SET-COOKIE: c=3',
      'Date: Tue, 15 Nov 1994 08:12:31 GMT',
      'Server: old/1.0',
      'ETag: W/"abc"',
      'Vary: Accept',
      'Vary: Cookie',
      'X-Latin: caf\u00e9 \u00ff',
      'Link: </a>; rel=preload',
      'Content-Encoding: gzip',
      'Content-Length: 3',
      'Cache-Control: no-store',
      "Content-Security-Policy: default-src 'self'",
    ];
    const { got } = await roundTrip(harness, get, `${head('HTTP/1.1 200 OK', ...lines)}abc`);
    const passed = got.fields.filter(([name]) => !/^(connection|keep-alive)$/i.test(name));
    expect(passed.map(([name, value]) => `${name}: ${value}`)).toEqual(lines);
    expect(got.body.toString()).toBe('abc');
  });

  it('are not added to: no Date, no request id, nothing that names the facade', async () => {
    const harness = await startHarness();
    const { got } = await roundTrip(harness, get, head('HTTP/1.1 200 OK', 'Content-Length: 0'));
    expect(got.fields.map(([name]) => name.toLowerCase()).sort()).toEqual([
      'connection',
      'content-length',
      'keep-alive',
    ]);
  });

  it.each([
    'Proxy-Authenticate: Basic',
    'Proxy-Authorization: Basic eA==',
    'Proxy-Connection: close',
    'Upgrade: h2c',
    'TE: trailers',
    'Trailer: X-T',
  ])('of one hop are dropped: %s', async (line) => {
    const harness = await startHarness();
    const { got } = await roundTrip(
      harness,
      get,
      head('HTTP/1.1 200 OK', line, 'X-Stays: 1', 'Content-Length: 0'),
    );
    expect(valuesOf(got, line.slice(0, line.indexOf(':')))).toEqual([]);
    expect(valueOf(got, 'x-stays')).toBe('1');
  });

  it.each([
    ['Keep-Alive: timeout=77'],
    ['Connection: keep-alive', 'Keep-Alive: timeout=77, max=3'],
  ])(
    'that tell how long the upstream keeps its connection are replaced by the facade’s own: %j',
    async (...lines) => {
      const harness = await startHarness({ timeouts: { keepAliveMs: 9_000 } });
      const { got } = await roundTrip(
        harness,
        get,
        head('HTTP/1.1 200 OK', ...lines, 'Content-Length: 0'),
      );
      expect(valuesOf(got, 'keep-alive')).toEqual(['timeout=9']);
      expect(valuesOf(got, 'connection')).toEqual(['keep-alive']);
    },
  );

  it.each([
    ['Connection: X-Gone'],
    ['Connection: close, x-gone'],
    ['Connection: keep-alive', 'Connection: X-GONE, Content-Length'],
  ])('that %j names are dropped', async (...connection) => {
    const harness = await startHarness();
    const { got } = await roundTrip(
      harness,
      get,
      `${head('HTTP/1.1 200 OK', 'X-Gone: 1', 'X-Stays: 2', 'Content-Length: 2', ...connection)}ok`,
    );
    expect(valuesOf(got, 'x-gone')).toEqual([]);
    expect(valueOf(got, 'x-stays')).toBe('2');
    expect(got.body.toString()).toBe('ok');
    expect(valuesOf(got, 'connection')).toEqual(['keep-alive']);
  });

  it('may come in pieces', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(get);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    for (const piece of [
      'HTT',
      'P/1.1 20',
      '0 OK\r',
      '\nX-',
      'A: one',
      ' two\r\nContent-Len',
      'gth: 2\r\n\r',
      '\no',
      'k',
    ]) {
      upstream.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const answer = await client.readAnswer();
    expect(answer).toMatchObject({ status: 200, complete: true });
    expect(valueOf(answer, 'x-a')).toBe('one two');
    expect(answer.body.toString()).toBe('ok');
  });
});
