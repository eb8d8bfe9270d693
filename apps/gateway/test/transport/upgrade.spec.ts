import { afterEach, describe, expect, it } from '@jest/globals';
import { valueOf, valuesOf, type RawConnection } from '@newscience/testing/raw-http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { head, ok, startHarness, stopAll, type Harness } from './harness.ts';

afterEach(stopAll);

const asks = (...lines: string[]) =>
  head(
    'GET /live?x=1 HTTP/1.1',
    'Host: h',
    'Connection: keep-alive, Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...lines,
  );
const agrees = head(
  'HTTP/1.1 101 Switching Protocols',
  'Upgrade: WebSocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
  'X-Own: 1',
);

async function upgraded(
  harness: Harness,
): Promise<{ client: RawConnection; upstream: RawConnection }> {
  const client = await harness.client();
  client.write(asks());
  const upstream = await harness.upstream();
  await upstream.readRequest();
  upstream.write(agrees);
  await client.readHead();
  return { client, upstream };
}

describe('an upgrade', () => {
  it('is asked of the upstream with everything but the client’s connection fields', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(asks('Sec-WebSocket-Protocol: chat', 'Cookie: a=1', 'Origin: http://h'));
    const upstream = await harness.upstream();
    const seen = await upstream.readRequest();
    expect(seen.startLine).toBe('GET /live?x=1 HTTP/1.1');
    expect(valuesOf(seen, 'upgrade')).toEqual(['websocket']);
    expect(valuesOf(seen, 'connection')).toEqual(['upgrade']);
    expect(valueOf(seen, 'sec-websocket-key')).toBe('dGhlIHNhbXBsZSBub25jZQ==');
    expect(valueOf(seen, 'sec-websocket-protocol')).toBe('chat');
    expect(valueOf(seen, 'cookie')).toBe('a=1');
    expect(valueOf(seen, 'x-forwarded-for')).toBe('127.0.0.1');
    upstream.write(agrees);
    const answer = await client.readHead();
    expect(answer.startLine).toBe('HTTP/1.1 101 Switching Protocols');
    expect(answer.fields).toEqual([
      ['Sec-WebSocket-Accept', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
      ['X-Own', '1'],
      ['Connection', 'Upgrade'],
      ['Upgrade', 'WebSocket'],
    ]);
  });

  it('passes bytes both ways, whatever they are', async () => {
    const { client, upstream } = await upgraded(await startHarness());
    client.write('\0\u00ffping');
    expect((await upstream.readBytes(6)).toString('latin1')).toBe('\0\u00ffping');
    upstream.write('HTTP/1.1 200 OK\r\n\r\n');
    expect((await client.readBytes(19)).toString()).toBe('HTTP/1.1 200 OK\r\n\r\n');
  });

  it('keeps what either side sends before the other knows of the agreement', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(`${asks()}early`);
    const upstream = await harness.upstream();
    await upstream.readHead();
    client.write(' bird');
    await new Promise((resolve) => setTimeout(resolve, 20));
    upstream.write(`${agrees}worm`);
    await client.readHead();
    expect((await client.readBytes(4)).toString()).toBe('worm');
    expect((await upstream.readBytes(10)).toString()).toBe('early bird');
  });

  it('passes an end on, and what comes the other way after it', async () => {
    const { client, upstream } = await upgraded(await startHarness());
    client.end();
    expect(await upstream.left()).toBe('end');
    upstream.write('last words');
    upstream.end();
    expect(await client.readToEnd()).toEqual({ text: 'last words', ending: 'end' });
  });

  it.each([
    ['client', 'upstream'],
    ['upstream', 'client'],
  ] as const)('that the %s cuts is cut for the %s', async (cutter, other) => {
    const harness = await startHarness();
    const both = await upgraded(harness);
    both[cutter].write('bytes');
    await both[other].readBytes(5);
    both[cutter].reset();
    expect(await both[other].left()).not.toBe('open');
    const moved = cutter === 'client' ? { bytesIn: 5, bytesOut: 0 } : { bytesIn: 0, bytesOut: 5 };
    expect(await harness.ended(1)).toMatchObject([{ status: 101, path: '/live', ...moved }]);
  });

  it('holds back a side that is faster than the other reads', async () => {
    const { client, upstream } = await upgraded(await startHarness());
    upstream.socket.pause();
    let written = 0;
    const flood = () => {
      while (written < 50_000_000) {
        written += 100_000;
        if (!client.socket.write(Buffer.alloc(100_000, 'x'))) break;
      }
    };
    client.socket.on('drain', flood);
    flood();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(written).toBeLessThan(50_000_000);
    upstream.socket.resume();
    upstream.socket.removeAllListeners('data');
    let arrived = 0;
    await new Promise<void>((resolve) => {
      upstream.socket.on('data', (chunk: Buffer) => {
        arrived += chunk.length;
        if (arrived >= 50_000_000) resolve();
      });
    });
    expect(arrived).toBe(50_000_000);
  });

  it('is closed after so long without a byte', async () => {
    const harness = await startHarness({ timeouts: { upgradeIdleMs: 80 } });
    const { client, upstream } = await upgraded(harness);
    expect(await client.left()).not.toBe('open');
    expect(await upstream.left()).not.toBe('open');
  });

  it('does not take the place of a request', async () => {
    const harness = await startHarness({ connectionsPerUpstream: 1 });
    await upgraded(harness);
    const client = await harness.client();
    client.write(head('GET / HTTP/1.1', 'Host: h'));
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(ok);
    expect((await client.readAnswer()).status).toBe(200);
  });

  it('beyond the limit is 503', async () => {
    const harness = await startHarness({ limits: { upgradesPerUpstream: 1 } });
    const { client, upstream: first } = await upgraded(harness);
    const second = await harness.client();
    second.write(asks());
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(agrees);
    expect((await second.readAnswer()).status).toBe(503);
    expect(await upstream.left()).not.toBe('open');
    client.end();
    first.end();
    await harness.ended(2);
    await upgraded(harness);
  });
});

describe('an upgrade that the upstream refuses', () => {
  it.each([
    ['with a length', `${head('HTTP/1.1 403 No Way', 'Content-Length: 2', 'X-Why: 1')}no`, 'no'],
    [
      'in chunks',
      `${head('HTTP/1.1 403 No Way', 'Transfer-Encoding: chunked', 'X-Why: 1')}2\r\nno\r\n0\r\n\r\n`,
      'no',
    ],
    [
      'large',
      `${head('HTTP/1.1 403 No Way', 'Content-Length: 1000000', 'X-Why: 1')}${'n'.repeat(1_000_000)}`,
      'n'.repeat(1_000_000),
    ],
  ])('is an ordinary answer, %s, and the end of the connection', async (_name, bytes, body) => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(asks());
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(bytes);
    const answer = await client.readAnswer();
    expect(answer).toMatchObject({ status: 403, reason: 'No Way', complete: true });
    expect(valueOf(answer, 'x-why')).toBe('1');
    expect(valueOf(answer, 'connection')).toBe('close');
    expect(answer.body.toString() === body).toBe(true);
    expect(await client.left()).toBe('end');
    expect(await harness.ended(1)).toMatchObject([{ status: 403, fault: '' }]);
  });

  it('because it is gone is 502', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(asks());
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.reset();
    expect((await client.readAnswer()).status).toBe(502);
    expect(await client.left()).toBe('end');
  });

  it('because it does not answer is 504', async () => {
    const harness = await startHarness({ timeouts: { headerMs: 60 } });
    const client = await harness.client();
    client.write(asks());
    expect((await client.readAnswer()).status).toBe(504);
  });
});

describe('a client that asks for an upgrade and leaves', () => {
  it.each([
    ['closes', (client: RawConnection) => client.destroy()],
    ['ends', (client: RawConnection) => client.end()],
    ['resets', (client: RawConnection) => client.reset()],
  ])('closes the request to the upstream: it %s', async (_name, leave) => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(asks());
    const upstream = await harness.upstream();
    await upstream.readRequest();
    leave(client);
    expect(await upstream.left()).not.toBe('open');
    expect(await harness.ended(1)).toMatchObject([{ fault: 'client_gone' }]);
  });
});

describe('what is no upgrade is an ordinary request:', () => {
  it.each([
    [
      'HTTP/2 over cleartext',
      head(
        'GET / HTTP/1.1',
        'Host: h',
        'Connection: Upgrade, HTTP2-Settings',
        'Upgrade: h2c',
        'HTTP2-Settings: AAMA',
      ),
    ],
    [
      'a request with a body',
      `${head('GET / HTTP/1.1', 'Host: h', 'Connection: Upgrade', 'Upgrade: websocket', 'Content-Length: 1')}x`,
    ],
    [
      'Upgrade that Connection does not name',
      head('GET / HTTP/1.1', 'Host: h', 'Upgrade: websocket'),
    ],
  ])('%s', async (_name, request) => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(request);
    const upstream = await harness.upstream();
    const seen = await upstream.readRequest();
    expect(valuesOf(seen, 'upgrade')).toEqual([]);
    expect(valuesOf(seen, 'http2-settings')).toEqual([]);
    upstream.write(ok);
    expect((await client.readAnswer()).status).toBe(200);
    client.write(head('GET /2 HTTP/1.1', 'Host: h'));
    expect(
      (
        await upstream
          .readRequest()
          .catch(() => harness.upstream().then((next) => next.readRequest()))
      ).target,
    ).toBe('/2');
  });
});

describe('a real WebSocket', () => {
  it('carries messages of all sizes both ways and closes with its code', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    server.on('connection', (socket) => {
      socket.on('message', (data, binary) => {
        if (Buffer.isBuffer(data)) socket.send(data, { binary });
      });
    });
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const upstream = { name: 'ws', origin: `http://127.0.0.1:${port}` };
    const harness = await startHarness({ decide: () => ({ routeId: 'r', stage: 's', upstream }) });
    const socket = new WebSocket(`ws://127.0.0.1:${harness.port}/chat`);
    await new Promise((resolve) => socket.once('open', resolve));
    for (const size of [0, 1, 125, 126, 70_000, 2_000_000]) {
      const message = Buffer.alloc(size, 'm');
      const echoed = new Promise<Buffer>((resolve) => {
        socket.once('message', (data: Buffer) => {
          resolve(data);
        });
      });
      socket.send(message);
      expect((await echoed).equals(message)).toBe(true);
    }
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.close(4_321, 'bye');
    expect(await closed).toBe(4_321);
    await harness.ended(1);
    await new Promise((resolve) => server.close(resolve));
  });
});
