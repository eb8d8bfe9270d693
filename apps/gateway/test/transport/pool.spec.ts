import { afterEach, describe, expect, it } from '@jest/globals';
import { valueOf } from '@newscience/testing/raw-http';
import { head, ok, startHarness, stopAll, type Harness } from './harness.ts';

afterEach(stopAll);

async function send(harness: Harness, path: string) {
  const client = await harness.client();
  client.write(head(`GET ${path} HTTP/1.1`, 'Host: h'));
  return client;
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 30));

describe('connections to an upstream', () => {
  it('are bounded; further requests wait their turn in order', async () => {
    const harness = await startHarness({ connectionsPerUpstream: 2 });
    const clients = [];
    for (const path of ['/1', '/2', '/3', '/4']) {
      clients.push(await send(harness, path));
      await settle();
    }
    const upstreams = [await harness.upstream(), await harness.upstream()];
    expect(harness.upstreamConnections()).toBe(2);
    const [first, second] = upstreams;
    expect((await first?.readRequest())?.target).toBe('/1');
    expect((await second?.readRequest())?.target).toBe('/2');
    second?.write(ok);
    expect((await second?.readRequest())?.target).toBe('/3');
    first?.write(ok);
    expect((await first?.readRequest())?.target).toBe('/4');
    first?.write(ok);
    second?.write(ok);
    for (const client of clients) expect((await client.readAnswer()).status).toBe(200);
    expect(harness.upstreamConnections()).toBe(2);
  });

  it('are reused, the latest first', async () => {
    const harness = await startHarness();
    for (let round = 0; round < 5; round++) {
      const client = await send(harness, '/');
      const upstream = round === 0 ? await harness.upstream() : harness.upstreamConnection(0);
      await upstream.readRequest();
      upstream.write(ok);
      await client.readAnswer();
    }
    expect(harness.upstreamConnections()).toBe(1);
  });

  it('have a bounded queue before them: 503 with Retry-After beyond', async () => {
    const harness = await startHarness({
      connectionsPerUpstream: 1,
      limits: { queuedPerUpstream: 1 },
    });
    await send(harness, '/1');
    await settle();
    const waiting = await send(harness, '/2');
    await settle();
    const tooMany = await send(harness, '/3');
    const answer = await tooMany.readAnswer();
    expect(answer.status).toBe(503);
    expect(answer.body.toString()).toContain('upstream_busy');
    expect(valueOf(answer, 'retry-after')).toBe('1');
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(ok);
    await upstream.readRequest();
    upstream.write(ok);
    expect((await waiting.readAnswer()).status).toBe(200);
  });

  it('are waited for only so long: 503', async () => {
    const harness = await startHarness({ connectionsPerUpstream: 1, timeouts: { queueMs: 50 } });
    await send(harness, '/1');
    await settle();
    const waiting = await send(harness, '/2');
    expect((await waiting.readAnswer()).status).toBe(503);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(ok);
    const next = await send(harness, '/3');
    expect((await upstream.readRequest()).target).toBe('/3');
    upstream.write(ok);
    expect((await next.readAnswer()).status).toBe(200);
  });

  it('of one upstream do not hold up another', async () => {
    const other = await startHarness();
    let origin = '';
    const harness = await startHarness({
      connectionsPerUpstream: 1,
      decide: ({ path }) => ({
        routeId: path,
        stage: 'cutover',
        upstream: { name: path, origin: path === '/other' ? other.origin : origin },
      }),
    });
    origin = harness.origin;
    await send(harness, '/stuck');
    await (await harness.upstream()).readRequest();
    const client = await send(harness, '/other');
    const upstream = await other.upstream();
    await upstream.readRequest();
    upstream.write(ok);
    expect((await client.readAnswer()).status).toBe(200);
    expect(await harness.ended(1)).toMatchObject([{ route: '/other', stage: 'cutover' }]);
  });

  it('survive failures: as many can be made again as before', async () => {
    const harness = await startHarness({ connectionsPerUpstream: 2 });
    for (let round = 0; round < 10; round++) {
      const client = await send(harness, '/');
      const upstream = await harness.upstream();
      await upstream.readRequest();
      upstream.reset();
      expect((await client.readAnswer()).status).toBe(502);
    }
    const clients = [await send(harness, '/1'), await send(harness, '/2')];
    for (const upstream of [await harness.upstream(), await harness.upstream()]) {
      await upstream.readRequest();
      upstream.write(ok);
    }
    for (const client of clients) expect((await client.readAnswer()).status).toBe(200);
  });
});

describe('the route decision', () => {
  it('is asked with method, path and fields as they came', async () => {
    const asked: unknown[] = [];
    let origin = '';
    const harness = await startHarness({
      decide: (request) => {
        asked.push(request);
        return { routeId: 'r', stage: 's', upstream: { name: 'u', origin } };
      },
    });
    origin = harness.origin;
    const client = await harness.client();
    client.write(head('PUT /a/../b?q=1?2 HTTP/1.1', 'Host: h', 'X-A: 1', 'x-a: 2'));
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(ok);
    await client.readAnswer();
    expect(asked).toEqual([
      { method: 'PUT', path: '/a/../b', headers: ['Host', 'h', 'X-A', '1', 'x-a', '2'] },
    ]);
  });

  it('that throws after all is 500, and the log has it', async () => {
    const harness = await startHarness({
      decide: () => {
        throw new Error('table lost');
      },
    });
    const client = await send(harness, '/');
    const answer = await client.readAnswer();
    expect(answer.status).toBe(500);
    expect(answer.body.toString()).not.toContain('table lost');
    expect(harness.errors).toEqual([{ err: new Error('table lost') }]);
  });
});
