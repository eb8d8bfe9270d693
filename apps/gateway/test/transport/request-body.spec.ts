import { afterEach, describe, expect, it } from '@jest/globals';
import { valueOf, valuesOf } from '@newscience/testing/raw-http';
import { answering, head, ok, roundTrip, startHarness, stopAll } from './harness.ts';

afterEach(stopAll);

const binary = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('latin1');

describe('a body with a length', () => {
  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'GET', 'OPTIONS', 'PROPFIND'])(
    'of %s arrives byte for byte',
    async (method) => {
      const harness = await startHarness();
      const { seen } = await roundTrip(
        harness,
        head(`${method} / HTTP/1.1`, 'Host: h', 'Content-Type: a/b', 'Content-Length: 256') +
          binary,
        ok,
      );
      expect(seen.body.toString('latin1')).toBe(binary);
      expect(valuesOf(seen, 'content-length')).toEqual(['256']);
      expect(valuesOf(seen, 'content-type')).toEqual(['a/b']);
      expect(valuesOf(seen, 'transfer-encoding')).toEqual([]);
      expect(await harness.ended(1)).toMatchObject([{ bytesIn: 256, bytesOut: 2, status: 200 }]);
    },
  );

  it('of nothing is a length of nothing', async () => {
    const harness = await startHarness();
    const { seen } = await roundTrip(
      harness,
      head('POST / HTTP/1.1', 'Host: h', 'Content-Length: 0'),
      ok,
    );
    expect(valuesOf(seen, 'content-length')).toEqual(['0']);
    expect(seen.body).toHaveLength(0);
  });

  it('reaches the upstream while it is still being sent', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(`${head('POST / HTTP/1.1', 'Host: h', 'Content-Length: 6')}abc`);
    const upstream = await harness.upstream();
    const seen = await upstream.readHead();
    expect(valueOf(seen, 'content-length')).toBe('6');
    expect((await upstream.readBytes(3)).toString()).toBe('abc');
    client.write('def');
    expect((await upstream.readBytes(3)).toString()).toBe('def');
    upstream.write(ok);
    expect((await client.readAnswer()).status).toBe(200);
  });
});

describe('a chunked body', () => {
  it.each(['POST', 'PUT', 'DELETE', 'GET'])(
    'of %s arrives chunked, byte for byte',
    async (method) => {
      const harness = await startHarness();
      const { seen } = await roundTrip(
        harness,
        `${head(`${method} / HTTP/1.1`, 'Host: h', 'Transfer-Encoding: chunked')}100\r\n${binary}\r\n0;a=b\r\n\r\n`,
        ok,
      );
      expect(seen.body.toString('latin1')).toBe(binary);
      expect(valuesOf(seen, 'transfer-encoding')).toEqual(['chunked']);
      expect(valuesOf(seen, 'content-length')).toEqual([]);
    },
  );

  it('of nothing is no body', async () => {
    const harness = await startHarness();
    const { seen } = await roundTrip(
      harness,
      `${head('POST / HTTP/1.1', 'Host: h', 'Transfer-Encoding: CHUNKED')}0\r\n\r\n`,
      ok,
    );
    expect(seen.body).toHaveLength(0);
  });

  it('is passed on chunk by chunk, not collected', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(`${head('POST / HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked')}3\r\nabc\r\n`);
    const upstream = await harness.upstream();
    await upstream.readHead();
    expect(await upstream.readUntil('abc')).toBe('3\r\nabc');
    client.write('2\r\nde\r\n');
    expect(await upstream.readUntil('de')).toBe('\r\n2\r\nde');
    client.write('0\r\n\r\n');
    expect(await upstream.readUntil('0\r\n\r\n')).toBe('\r\n0\r\n\r\n');
    upstream.write(ok);
    expect((await client.readAnswer()).status).toBe(200);
  });

  it('loses its trailers, and the announcement of them', async () => {
    const harness = await startHarness();
    const { seen } = await roundTrip(
      harness,
      `${head('POST / HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked', 'Trailer: X-T')}1\r\na\r\n0\r\nX-T: 1\r\n\r\n`,
      ok,
    );
    expect(seen.body.toString()).toBe('a');
    expect(seen.trailers).toEqual([]);
    expect(valuesOf(seen, 'trailer')).toEqual([]);
  });
});

describe('Expect: 100-continue', () => {
  const expecting = head('POST / HTTP/1.1', 'Host: h', 'Content-Length: 3', 'Expect: 100-continue');

  it('is met by the facade once there is a connection to the upstream', async () => {
    const harness = await startHarness({ serve: answering(ok) });
    const client = await harness.client();
    client.write(expecting);
    expect(await client.readUntil('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    client.write('abc');
    expect(await client.readAnswer()).toMatchObject({ status: 200, interim: [] });
    expect(await harness.ended(1)).toMatchObject([{ bytesIn: 3, status: 200 }]);
  });

  it('is not sent on, and the connection can be used again', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(expecting);
    await client.readUntil('\r\n\r\n');
    client.write('abc');
    const upstream = await harness.upstream();
    const seen = await upstream.readRequest();
    expect(valuesOf(seen, 'expect')).toEqual([]);
    upstream.write(ok);
    expect((await client.readAnswer()).status).toBe(200);
    client.write(head('GET /next HTTP/1.1', 'Host: h'));
    expect((await upstream.readRequest()).target).toBe('/next');
    upstream.write(ok);
    expect((await client.readAnswer()).status).toBe(200);
  });

  it('is answered with the final status alone where the body is not wanted', async () => {
    const harness = await startHarness({ limits: { bodyBytes: 2 } });
    const client = await harness.client();
    client.write(expecting);
    const answer = await client.readAnswer();
    expect(answer).toMatchObject({ status: 413, interim: [] });
    expect(await client.left()).toBe('end');
  });

  it('is answered with 502 before the body is sent where nobody would take it', async () => {
    const gone = await startHarness();
    await gone.stop();
    const lost = await startHarness({
      decide: () => ({ routeId: 'r', stage: 's', upstream: { name: 'gone', origin: gone.origin } }),
    });
    const client = await lost.client();
    client.write(expecting);
    expect(await client.readAnswer()).toMatchObject({ status: 502, interim: [] });
  });

  it('of anything else cannot be met', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(head('GET / HTTP/1.1', 'Host: h', 'Expect: miracles'));
    const answer = await client.readAnswer();
    expect(answer.status).toBe(417);
    expect(answer.body.toString()).toContain('urn:newscience:problem:expectation_failed');
    expect(harness.upstreamConnections()).toBe(0);
  });
});

describe('an answer before the end of the upload', () => {
  const early = 'HTTP/1.1 413 Too Big\r\nContent-Length: 2\r\n\r\nno';

  it('reaches the client at once, and the upstream hears no more of the upload', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(`${head('POST / HTTP/1.1', 'Host: h', 'Content-Length: 1000')}abc`);
    const upstream = await harness.upstream();
    await upstream.readHead();
    upstream.write(early);
    const answer = await client.readAnswer();
    expect(answer).toMatchObject({ status: 413, reason: 'Too Big', complete: true });
    expect(await upstream.left()).not.toBe('open');
  });

  it('leaves the connection usable for a client that sends its upload to the end', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(`${head('POST /1 HTTP/1.1', 'Host: h', 'Content-Length: 100000')}abc`);
    const first = await harness.upstream();
    await first.readHead();
    first.write(early);
    expect((await client.readAnswer()).status).toBe(413);
    client.write('x'.repeat(99_997));
    client.write(head('GET /2 HTTP/1.1', 'Host: h'));
    const second = await harness.upstream();
    expect((await second.readRequest()).target).toBe('/2');
    second.write(ok);
    expect((await client.readAnswer()).status).toBe(200);
  });

  it('leaves it usable after a chunked upload too', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(
      `${head('POST /1 HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked')}3\r\nabc\r\n`,
    );
    const first = await harness.upstream();
    await first.readHead();
    first.write(early);
    expect((await client.readAnswer()).status).toBe(413);
    client.write(`5\r\nGET /\r\n0\r\n\r\n${head('GET /2 HTTP/1.1', 'Host: h')}`);
    const second = await harness.upstream();
    expect((await second.readRequest()).target).toBe('/2');
    second.write(ok);
    expect((await client.readAnswer()).status).toBe(200);
  });

  it('ends the connection of a client that never stops sending', async () => {
    const harness = await startHarness({ limits: { lingerBytes: 10_000 } });
    const client = await harness.client();
    client.write(`${head('POST / HTTP/1.1', 'Host: h', 'Content-Length: 1000000000')}abc`);
    const upstream = await harness.upstream();
    await upstream.readHead();
    upstream.write(early);
    expect((await client.readAnswer()).status).toBe(413);
    client.write('x'.repeat(20_000));
    expect(await client.left()).not.toBe('open');
  });

  it('ends the connection of a client that stalls', async () => {
    const harness = await startHarness({ timeouts: { lingerMs: 40 } });
    const client = await harness.client();
    client.write(`${head('POST / HTTP/1.1', 'Host: h', 'Content-Length: 1000')}abc`);
    const upstream = await harness.upstream();
    await upstream.readHead();
    upstream.write(early);
    expect((await client.readAnswer()).status).toBe(413);
    expect(await client.left()).not.toBe('open');
  });

  it('may stream both ways at once', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(`${head('POST / HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked')}1\r\na\r\n`);
    const upstream = await harness.upstream();
    await upstream.readHead();
    expect(await upstream.readUntil('a')).toBe('1\r\na');
    upstream.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n');
    expect(await client.readUntil('A\r\n')).toContain('1\r\nA\r\n');
    client.write('1\r\nb\r\n');
    expect(await upstream.readUntil('b')).toBe('\r\n1\r\nb');
    upstream.write('1\r\nB\r\n');
    expect(await client.readUntil('B\r\n')).toBe('1\r\nB\r\n');
    client.write('0\r\n\r\n');
    expect(await upstream.readUntil('0\r\n\r\n')).toBe('\r\n0\r\n\r\n');
    upstream.write('0\r\n\r\n');
    expect(await client.readUntil('0\r\n\r\n')).toBe('0\r\n\r\n');
  });
});
