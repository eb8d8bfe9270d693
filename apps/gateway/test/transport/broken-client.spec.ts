import { afterEach, describe, expect, it } from '@jest/globals';
import type { RawConnection } from '@newscience/testing/raw-http';
import { head, ok, startHarness, stopAll } from './harness.ts';

afterEach(stopAll);

const get = head('GET / HTTP/1.1', 'Host: h');
const departures: [string, (client: RawConnection) => void][] = [
  ['closes', (client) => client.destroy()],
  ['says it is done', (client) => client.end()],
  ['resets', (client) => client.reset()],
];

describe('a client that goes away closes the request to the upstream', () => {
  it.each(departures)('while it waits for the answer: it %s', async (_name, leave) => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(get);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    leave(client);
    expect(await upstream.left()).not.toBe('open');
    expect(await harness.ended(1)).toMatchObject([{ status: 0, fault: 'client_gone' }]);
  });

  it.each(departures)('in the middle of the answer: it %s', async (_name, leave) => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(get);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(`${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}1\r\na\r\n`);
    await client.readUntil('a\r\n');
    leave(client);
    expect(await upstream.left()).not.toBe('open');
    expect(await harness.ended(1)).toMatchObject([{ status: 200, fault: 'client_gone' }]);
  });

  it.each(departures)('in the middle of its upload: it %s', async (_name, leave) => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(`${head('POST / HTTP/1.1', 'Host: h', 'Content-Length: 10')}abc`);
    const upstream = await harness.upstream();
    await upstream.readHead();
    expect((await upstream.readBytes(3)).toString()).toBe('abc');
    leave(client);
    expect(await upstream.left()).not.toBe('open');
    expect(await harness.ended(1)).toMatchObject([{ fault: 'client_gone', bytesIn: 3 }]);
  });

  it('in the middle of a chunked upload: the upstream does not see a proper end', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(`${head('POST / HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked')}3\r\nabc\r\n`);
    const upstream = await harness.upstream();
    await upstream.readHead();
    await upstream.readUntil('abc');
    client.destroy();
    const { text, ending } = await upstream.readToEnd();
    expect(ending).not.toBe('open');
    expect(text).not.toContain('0\r\n\r\n');
  });

  it('while it waits in the queue: the request is never sent', async () => {
    const harness = await startHarness({ connectionsPerUpstream: 1 });
    const first = await harness.client();
    first.write(get);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    const second = await harness.client();
    second.write(head('GET /never HTTP/1.1', 'Host: h'));
    const third = await harness.client();
    third.write(head('GET /third HTTP/1.1', 'Host: h'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    second.destroy();
    await harness.ended(1);
    upstream.write(ok);
    expect((await upstream.readRequest()).target).toBe('/third');
    upstream.write(ok);
    expect((await third.readAnswer()).status).toBe(200);
  });

  it('with a second request behind the first: both are given up', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(get + get);
    const upstreams = [await harness.upstream(), await harness.upstream()];
    for (const upstream of upstreams) await upstream.readRequest();
    client.destroy();
    for (const upstream of upstreams) expect(await upstream.left()).not.toBe('open');
    expect(await harness.ended(2)).toMatchObject([
      { fault: 'client_gone' },
      { fault: 'client_gone' },
    ]);
  });

  it('and the next client is served as if nothing had been', async () => {
    const harness = await startHarness();
    for (let round = 0; round < 20; round++) {
      const client = await harness.client();
      client.write(get);
      const upstream = await harness.upstream();
      await upstream.readRequest();
      client.destroy();
      await upstream.left();
    }
    const client = await harness.client();
    client.write(get);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(ok);
    expect((await client.readAnswer()).status).toBe(200);
    expect(harness.errors).toEqual([]);
  });
});

describe('a client that is too slow', () => {
  it('with its head gets 408', async () => {
    const harness = await startHarness({ timeouts: { clientHeaderMs: 80 } });
    const client = await harness.client();
    client.write('GET / HTTP/1.1\r\nHost: h\r\nX-Slow');
    const answer = await client.readAnswer();
    expect(answer.status).toBe(408);
    expect(answer.body.toString()).toContain('request_timeout');
    expect(await client.left()).toBe('end');
    expect(harness.upstreamConnections()).toBe(0);
  });

  it('with its upload gets 408, and the upstream an aborted request', async () => {
    const harness = await startHarness({ timeouts: { idleMs: 60 } });
    const client = await harness.client();
    client.write(`${head('POST / HTTP/1.1', 'Host: h', 'Content-Length: 10')}abc`);
    const upstream = await harness.upstream();
    const answer = await client.readAnswer();
    expect(answer.status).toBe(408);
    expect((await upstream.readRequest()).complete).toBe(false);
    expect(await harness.ended(1)).toMatchObject([{ status: 408, fault: 'request_timeout' }]);
  });

  it('to begin the body it has announced gets 408', async () => {
    const harness = await startHarness({ timeouts: { idleMs: 60 } });
    const client = await harness.client();
    client.write(head('POST / HTTP/1.1', 'Host: h', 'Content-Length: 10'));
    expect((await client.readAnswer()).status).toBe(408);
  });

  it('to read the answer is left, and so is the upstream', async () => {
    const harness = await startHarness({ timeouts: { idleMs: 80 } });
    const client = await harness.client();
    client.socket.pause();
    client.write(get);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(head('HTTP/1.1 200 OK', 'Content-Length: 100000000'));
    upstream.write(Buffer.alloc(50_000_000));
    expect(await upstream.left()).not.toBe('open');
    expect(await harness.ended(1)).toMatchObject([{ status: 200, fault: 'client_stalled' }]);
  });

  it('to send its next request loses its idle connection', async () => {
    const harness = await startHarness({ timeouts: { keepAliveMs: 1_000 } });
    const client = await harness.client();
    client.write(get);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(ok);
    await client.readAnswer();
    expect(await client.left()).toBe('end');
  });
});

describe('an upstream that is too slow', () => {
  it('to take the upload is 504', async () => {
    const harness = await startHarness({ timeouts: { idleMs: 700 } });
    const client = await harness.client();
    client.write(head('POST / HTTP/1.1', 'Host: h', 'Content-Length: 100000000'));
    client.write(Buffer.alloc(50_000_000));
    const upstream = await harness.upstream();
    upstream.socket.pause();
    const answer = await client.readAnswer();
    expect(answer.status).toBe(504);
    expect(await harness.ended(1)).toMatchObject([{ status: 504, fault: 'upstream_timeout' }]);
  });

  it('is not blamed for the time the upload took', async () => {
    const harness = await startHarness({ timeouts: { headerMs: 500, idleMs: 5_000 } });
    const client = await harness.client();
    client.write(head('POST / HTTP/1.1', 'Host: h', 'Content-Length: 6'));
    for (let sent = 0; sent < 6; sent++) {
      await new Promise((resolve) => setTimeout(resolve, 120));
      client.write('x');
    }
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(ok);
    expect((await client.readAnswer()).status).toBe(200);
  });
});

describe('a client that is slow but steady', () => {
  it('gets its whole answer, however long that takes', async () => {
    const harness = await startHarness({ timeouts: { idleMs: 400 } });
    const size = 12_000_000;
    const client = await harness.client();
    const { socket } = client;
    client.write(get);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(head('HTTP/1.1 200 OK', `Content-Length: ${size}`));
    upstream.write(Buffer.alloc(size));
    await client.readHead();
    let received = client.pending.length;
    socket.removeAllListeners('data');
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
      // About 1.5 s for all of it: several times what it may stand still.
      socket.pause();
      setTimeout(() => socket.resume(), 8);
    });
    await harness.ended(1);
    while (received < size && !socket.destroyed) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(received).toBe(size);
    expect(harness.records).toMatchObject([{ status: 200, fault: '', bytesOut: size }]);
  });
});
