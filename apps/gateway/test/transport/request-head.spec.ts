import { afterEach, describe, expect, it } from '@jest/globals';
import { valueOf, valuesOf } from '@newscience/testing/raw-http';
import { head, ok, roundTrip, startHarness, stopAll } from './harness.ts';

afterEach(stopAll);

/** Fields that the facade adds or its HTTP client frames the message with. */
const own = new Set([
  'host',
  'connection',
  'content-length',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-request-id',
  'traceparent',
]);

describe('request line', () => {
  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'])(
    'passes the method %s on',
    async (method) => {
      const harness = await startHarness();
      const { seen, got } = await roundTrip(harness, head(`${method} /x HTTP/1.1`, 'Host: h'), ok);
      expect(seen.startLine).toBe(`${method} /x HTTP/1.1`);
      expect(got.status).toBe(200);
    },
  );

  it.each([
    '/',
    '/a?',
    '/a?b=c&b=d&e',
    '/a?x=1?y=2&z=%3F',
    '/a/../../etc/passwd',
    '/a/./b//c///',
    '//host.example/a',
    '/%2e%2e/%2F%2f%00%zz%',
    '/caf%C3%A9/%E2%82%AC',
    "/a;v=1/b,c:d@e!$&'()*+=~-._",
    '/[a]{b}|c^d`e"f<g>h\\i',
  ])('passes the target %j on as it is', async (target) => {
    const harness = await startHarness();
    const { seen } = await roundTrip(harness, head(`GET ${target} HTTP/1.1`, 'Host: h'), ok);
    expect(seen.startLine).toBe(`GET ${target} HTTP/1.1`);
  });

  it('speaks HTTP/1.1 to the upstream for a client of HTTP/1.0', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(head('GET /old HTTP/1.0'));
    const upstream = await harness.upstream();
    expect((await upstream.readRequest()).startLine).toBe('GET /old HTTP/1.1');
    upstream.write(ok);
    expect((await client.readToEnd()).text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/);
  });
});

describe('request fields', () => {
  it('keep order, case, duplicates and bytes', async () => {
    const harness = await startHarness();
    const lines = [
      'X-Zulu: 1',
      'accept: text/html',
      'x-alpha: 2',
      'X-ZULU: 3',
      'Cookie: a=1; b=2',
      'Cookie: c=3',
      'X-Empty:',
      'X-Latin: caf\u00e9 \u00ff',
      'X-Comma: a, b , c',
      'X-Quoted: "a\\"b"',
      "X-!#$%&'*+.^_`|~9: token",
      'Accept: application/json',
      'Authorization: Bearer abc',
      'If-None-Match: W/"1"',
      'Range: bytes=0-1',
      'Accept-Encoding: gzip, br',
    ];
    const { seen } = await roundTrip(harness, head('GET / HTTP/1.1', 'Host: h', ...lines), ok);
    const passed = seen.fields.filter(([name]) => !own.has(name.toLowerCase()));
    expect(passed.map(([name, value]) => `${name}:${value === '' ? '' : ` ${value}`}`)).toEqual(
      lines,
    );
  });

  it('lose the spaces around a value, which are not part of it', async () => {
    const harness = await startHarness();
    const { seen } = await roundTrip(
      harness,
      head('GET / HTTP/1.1', 'Host: h', 'X-A: \t b c \t'),
      ok,
    );
    expect(valuesOf(seen, 'x-a')).toEqual(['b c']);
    expect(seen.text).toContain('X-A: b c\r\n');
  });

  it.each(['example.org', 'example.org:8080', '127.0.0.1', '[::1]:80', 'xn--caf-dma.example', ''])(
    'name the host %j that the client asked for',
    async (host) => {
      const harness = await startHarness();
      const { seen } = await roundTrip(harness, head('GET / HTTP/1.1', `Host: ${host}`), ok);
      expect(valuesOf(seen, 'host')).toEqual([host]);
    },
  );

  it.each([
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'Proxy-Authorization: Basic eA==',
    'Proxy-Authenticate: Basic',
    'TE: trailers',
    'te: gzip;q=0.5',
    'Trailer: X-T',
    'Upgrade: h2c',
    'KEEP-ALIVE: 1',
  ])('of one hop are dropped: %s', async (line) => {
    const harness = await startHarness();
    const { seen } = await roundTrip(
      harness,
      head('GET / HTTP/1.1', 'Host: h', line, 'X-Stays: 1'),
      ok,
    );
    expect(valuesOf(seen, line.slice(0, line.indexOf(':')))).toEqual([]);
    expect(valueOf(seen, 'x-stays')).toBe('1');
  });

  it.each([
    ['Connection: X-Gone'],
    ['Connection: close, X-Gone'],
    ['connection: keep-alive,x-gone , TE'],
    ['Connection: keep-alive', 'Connection: X-GONE'],
    ['Connection: ,, x-gone,'],
  ])('that %j names are dropped', async (...connection) => {
    const harness = await startHarness();
    const { seen } = await roundTrip(
      harness,
      head('GET / HTTP/1.1', 'Host: h', 'X-Gone: 1', 'X-Stays: 2', ...connection, 'x-gone: 3'),
      ok,
    );
    expect(valuesOf(seen, 'x-gone')).toEqual([]);
    expect(valueOf(seen, 'x-stays')).toBe('2');
    expect(valuesOf(seen, 'connection')).toEqual(['keep-alive']);
  });

  it('that the message needs cannot be taken away by Connection', async () => {
    const harness = await startHarness();
    const { seen } = await roundTrip(
      harness,
      `${head(
        'POST / HTTP/1.1',
        'Host: h',
        'Content-Length: 3',
        'X-Forwarded-For: 10.0.0.1',
        'Connection: Host, Content-Length, X-Forwarded-For, X-Request-Id, traceparent',
      )}abc`,
      ok,
    );
    expect(valueOf(seen, 'host')).toBe('h');
    expect(seen.body.toString()).toBe('abc');
    expect(valueOf(seen, 'content-length')).toBe('3');
    expect(valuesOf(seen, 'x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(valueOf(seen, 'x-request-id')).toMatch(/^[0-9a-f]{32}$/);
    expect(valueOf(seen, 'traceparent')).toMatch(/^00-/);
  });
});
