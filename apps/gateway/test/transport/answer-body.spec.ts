import { afterEach, describe, expect, it } from '@jest/globals';
import { valuesOf } from '@newscience/testing/raw-http';
import { head, ok, roundTrip, startHarness, stopAll } from './harness.ts';

afterEach(stopAll);

const get = head('GET / HTTP/1.1', 'Host: h');
const binary = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('latin1');

describe('a body', () => {
  it('with a length arrives byte for byte', async () => {
    const harness = await startHarness();
    const { got } = await roundTrip(
      harness,
      get,
      head('HTTP/1.1 200 OK', 'Content-Length: 256') + binary,
    );
    expect(got.body.toString('latin1')).toBe(binary);
    expect(valuesOf(got, 'content-length')).toEqual(['256']);
    expect(valuesOf(got, 'transfer-encoding')).toEqual([]);
  });

  it('in chunks arrives in chunks, byte for byte', async () => {
    const harness = await startHarness();
    const { got } = await roundTrip(
      harness,
      get,
      `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}100;x=y\r\n${binary}\r\n1\r\n!\r\n0\r\n\r\n`,
    );
    expect(got.body.toString('latin1')).toBe(`${binary}!`);
    expect(got.complete).toBe(true);
    expect(valuesOf(got, 'transfer-encoding')).toEqual(['chunked']);
    expect(valuesOf(got, 'content-length')).toEqual([]);
  });

  it('that lasts until the upstream closes gets a proper end', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(get);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(`${head('HTTP/1.1 200 OK')}some`);
    expect(await client.readUntil('some\r\n')).toContain('Transfer-Encoding: chunked');
    upstream.write(' more');
    upstream.end();
    expect(await client.readUntil('0\r\n\r\n')).toBe('5\r\n more\r\n0\r\n\r\n');
  });

  it.each([0, 1, 2_048, 16_384, 16_385, 70_000, 1_000_000])(
    'of %d bytes arrives whole',
    async (size) => {
      const harness = await startHarness();
      const body = Buffer.alloc(size, 'abcdefg');
      const { got } = await roundTrip(
        harness,
        get,
        head('HTTP/1.1 200 OK', `Content-Length: ${size}`) + body.toString(),
      );
      expect(got.body.equals(body)).toBe(true);
      expect(await harness.ended(1)).toMatchObject([{ bytesOut: size }]);
    },
  );

  it('goes to a client of HTTP/1.0 without chunks, ended by the connection', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(head('GET / HTTP/1.0', 'Connection: keep-alive'));
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(
      `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Trailer: X-T')}3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n`,
    );
    const { text, ending } = await client.readToEnd();
    expect(ending).toBe('end');
    expect(text).toMatch(/\r\n\r\nabc$/);
    expect(text).not.toMatch(/chunked|trailer|x-t/i);
  });

  it('with a length keeps the connection of a client of HTTP/1.0 that asks for it', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    for (const path of ['/1', '/2']) {
      client.write(head(`GET ${path} HTTP/1.0`, 'Connection: keep-alive'));
      const upstream = harness.upstreamConnections() === 0 ? await harness.upstream() : undefined;
      const connection = upstream ?? harness.upstreamConnection(0);
      expect((await connection.readRequest()).target).toBe(path);
      connection.write(ok);
      expect(await client.readUntil('ok')).toMatch(/connection: keep-alive/i);
    }
  });

  it('is not gathered: each event of a stream arrives before the next is sent', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(get);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(
      head('HTTP/1.1 200 OK', 'Content-Type: text/event-stream', 'Transfer-Encoding: chunked'),
    );
    expect(await client.readUntil('\r\n\r\n')).toContain('text/event-stream');
    for (const event of ['data: 1\n\n', 'data: 2\n\n', ': beat\n\n']) {
      upstream.write(`${event.length.toString(16)}\r\n${event}\r\n`);
      expect(await client.readUntil(`${event}\r\n`)).toContain(event);
    }
    expect(harness.records).toEqual([]);
    client.destroy();
    expect(await upstream.left()).not.toBe('open');
  });

  it('head and body of a counted answer arrive as they are sent, too', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(get);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(head('HTTP/1.1 200 OK', 'Content-Length: 4'));
    await client.readHead();
    upstream.write('ab');
    expect((await client.readBytes(2)).toString()).toBe('ab');
    upstream.write('cd');
    expect((await client.readBytes(2)).toString()).toBe('cd');
  });
});

describe('trailers', () => {
  it('pass after a chunked answer that announces them', async () => {
    const harness = await startHarness();
    const { got } = await roundTrip(
      harness,
      get,
      `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Trailer: X-One, x-two')}3\r\nabc\r\n0\r\nX-One: 1\r\nx-two: 2\r\n\r\n`,
    );
    expect(got.trailers).toEqual([
      ['X-One', '1'],
      ['x-two', '2'],
    ]);
    expect(valuesOf(got, 'trailer')).toEqual(['X-One, x-two']);
    expect(got.body.toString()).toBe('abc');
  });

  it('pass after a chunked answer that does not announce them', async () => {
    const harness = await startHarness();
    const { got } = await roundTrip(
      harness,
      get,
      `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}0\r\nX-One: 1\r\n\r\n`,
    );
    expect(got.trailers).toEqual([['X-One', '1']]);
  });
});

describe('interim answers', () => {
  it('pass as they come, before the final one', async () => {
    const harness = await startHarness();
    const { got } = await roundTrip(
      harness,
      get,
      head('HTTP/1.1 102 Processing') +
        head(
          'HTTP/1.1 103 Early Hints',
          'Link: </a.css>; rel=preload',
          'Link: </b>',
          'Connection: x',
        ) +
        ok,
    );
    expect(got.interim.map(({ startLine }) => startLine)).toEqual([
      'HTTP/1.1 102 Processing',
      'HTTP/1.1 103 Early Hints',
    ]);
    expect(got.interim[1]?.fields).toEqual([
      ['Link', '</a.css>; rel=preload'],
      ['Link', '</b>'],
    ]);
    expect(got.body.toString()).toBe('ok');
  });

  it('are kept from a client of HTTP/1.0, which does not know them', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(head('GET / HTTP/1.0'));
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(head('HTTP/1.1 103 Early Hints', 'Link: </a>') + ok);
    expect((await client.readToEnd()).text).toMatch(/^HTTP\/1\.1 200 OK/);
  });
});
