import { afterEach, describe, expect, it } from '@jest/globals';
import type { RawConnection } from '@newscience/testing/raw-http';
import { head, ok, startHarness, stopAll, type Harness } from './harness.ts';

afterEach(stopAll);

const request = (method: string, path: string, ...lines: string[]) =>
  head(`${method} ${path} HTTP/1.1`, 'Host: h', ...lines);

/** A client and an upstream whose connections have both served a request, as most have. */
async function warm(): Promise<{
  harness: Harness;
  client: RawConnection;
  upstream: RawConnection;
}> {
  const harness = await startHarness();
  const client = await harness.client();
  client.write(request('GET', '/warm'));
  const upstream = await harness.upstream();
  await upstream.readRequest();
  upstream.write(ok);
  await client.readAnswer();
  return { harness, client, upstream };
}

describe('a reused connection that the upstream closes just as a request is sent', () => {
  it.each(['GET', 'HEAD', 'OPTIONS'])('%s is sent again over a new one', async (method) => {
    const { harness, client, upstream } = await warm();
    client.write(request(method, '/again'));
    await upstream.readRequest();
    upstream.end();
    const second = await harness.upstream();
    expect((await second.readRequest()).startLine).toBe(`${method} /again HTTP/1.1`);
    second.write(ok.replace('ok', method === 'HEAD' ? '' : 'ok'));
    expect(await client.readAnswer(method)).toMatchObject({ status: 200 });
    const records = await harness.ended(2);
    expect(records[1]).toMatchObject({ attempts: 2, status: 200, fault: '' });
  });

  it('by a reset, too', async () => {
    const { harness, client, upstream } = await warm();
    client.write(request('GET', '/again'));
    await upstream.readRequest();
    upstream.reset();
    const second = await harness.upstream();
    await second.readRequest();
    second.write(ok);
    expect((await client.readAnswer()).status).toBe(200);
  });

  it.each([
    ['POST', request('POST', '/once', 'Content-Length: 0')],
    ['DELETE', request('DELETE', '/once')],
    ['PUT', `${request('PUT', '/once', 'Content-Length: 1')}x`],
    ['GET with a body', `${request('GET', '/once', 'Content-Length: 1')}x`],
  ])('%s is not sent again', async (_name, bytes) => {
    const { harness, client, upstream } = await warm();
    client.write(bytes);
    await upstream.readRequest();
    upstream.end();
    expect((await client.readAnswer()).status).toBe(502);
    expect(harness.upstreamConnections()).toBe(1);
    expect(harness.records[1]).toMatchObject({ attempts: 1, fault: 'upstream_reset' });
  });

  it('a request is sent again once, not for ever', async () => {
    const { harness, client, upstream } = await warm();
    client.write(request('GET', '/again'));
    await upstream.readRequest();
    upstream.end();
    const second = await harness.upstream();
    await second.readRequest();
    second.end();
    expect((await client.readAnswer()).status).toBe(502);
    expect(harness.upstreamConnections()).toBe(2);
  });

  it('a request is not sent again once an answer has begun', async () => {
    const { harness, client, upstream } = await warm();
    client.write(request('GET', '/begun'));
    await upstream.readRequest();
    upstream.write('HTTP/1.1 2');
    upstream.end();
    expect((await client.readAnswer()).status).toBe(502);
    expect(harness.upstreamConnections()).toBe(1);
  });
});

describe('a new connection that is closed before the answer', () => {
  it('is the fault of the upstream, and nothing is sent again', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(request('GET', '/first'));
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.end();
    expect((await client.readAnswer()).status).toBe(502);
    expect(harness.upstreamConnections()).toBe(1);
  });
});

describe('an idle connection that the upstream has closed', () => {
  it.each(['GET', 'POST'])('is noticed before %s is sent', async (method) => {
    const { harness, client, upstream } = await warm();
    upstream.end();
    await upstream.left();
    client.write(request(method, '/next', 'Content-Length: 0'));
    const second = await harness.upstream();
    await second.readRequest();
    second.write(ok);
    expect((await client.readAnswer()).status).toBe(200);
    expect(harness.records[1]).toMatchObject({ attempts: 1 });
  });

  it('or has announced to close is not used', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(request('GET', '/1'));
    const first = await harness.upstream();
    await first.readRequest();
    first.write(ok.replace('\r\n\r\n', '\r\nKeep-Alive: timeout=1\r\n\r\n'));
    await client.readAnswer();
    client.write(request('POST', '/2', 'Content-Length: 0'));
    const second = await harness.upstream();
    await second.readRequest();
    second.write(ok);
    expect((await client.readAnswer()).status).toBe(200);
  });
});
