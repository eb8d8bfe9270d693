import { afterEach, describe, expect, it } from '@jest/globals';
import { valueOf, type RawAnswer, type RawConnection } from '@newscience/testing/raw-http';
import { createServer, type AddressInfo } from 'node:net';
import { head, ok, startHarness, stopAll, type Harness } from './harness.ts';

afterEach(stopAll);

const get = head('GET /page?secret=1 HTTP/1.1', 'Host: h', 'X-Request-Id: request-1234');

function expectProblem(answer: RawAnswer, status: number, code: string): void {
  expect(answer).toMatchObject({ status, complete: true });
  expect(valueOf(answer, 'content-type')).toBe('application/problem+json; charset=utf-8');
  expect(valueOf(answer, 'cache-control')).toBe('no-store');
  expect(valueOf(answer, 'x-request-id')).toBe('request-1234');
  const problem: unknown = JSON.parse(answer.body.toString());
  expect(problem).toEqual({
    type: `urn:newscience:problem:${code}`,
    title: expect.any(String),
    status,
    detail: expect.any(String),
    code,
    instance: 'urn:newscience:request:request-1234',
    retryable: expect.any(Boolean),
  });
  // Which system would have answered is nobody's business.
  expect(answer.body.toString()).not.toMatch(/127\.0\.0\.1|old|monolith|ECONN|undici/i);
}

/** The request arrives at the upstream, which then does what `act` says; the client's answer. */
async function answerAfter(
  harness: Harness,
  act: (upstream: RawConnection) => void,
): Promise<RawAnswer> {
  const client = await harness.client();
  client.write(get);
  const upstream = await harness.upstream();
  await upstream.readRequest();
  act(upstream);
  return await client.readAnswer();
}

describe('an upstream that gives no answer', () => {
  it('because nobody listens is 502 upstream_unreachable', async () => {
    const gone = await startHarness();
    await gone.stop();
    const harness = await startHarness({
      decide: () => ({ routeId: 'r', stage: 's', upstream: { name: 'old', origin: gone.origin } }),
    });
    const client = await harness.client();
    client.write(get);
    expectProblem(await client.readAnswer(), 502, 'upstream_unreachable');
    expect(await harness.ended(1)).toMatchObject([
      { status: 502, fault: 'upstream_unreachable', upstream: 'old', attempts: 1, upstreamMs: -1 },
    ]);
  });

  it('because its name does not resolve is 502 upstream_unreachable', async () => {
    const upstream = { name: 'old', origin: 'http://no-such-host.invalid:80' };
    const harness = await startHarness({ decide: () => ({ routeId: 'r', stage: 's', upstream }) });
    const client = await harness.client();
    client.write(get);
    expectProblem(await client.readAnswer(), 502, 'upstream_unreachable');
  });

  it('because it does not accept connections is 504 upstream_timeout', async () => {
    // A listener whose queue is full lets further connections hang.
    const listener = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 });
    await new Promise((resolve) => listener.once('listening', resolve));
    const { port } = listener.address() as AddressInfo;
    const upstream = { name: 'old', origin: `http://192.0.2.1:${port}` };
    const harness = await startHarness({
      timeouts: { connectMs: 60 },
      decide: () => ({ routeId: 'r', stage: 's', upstream }),
    });
    const client = await harness.client();
    client.write(get);
    const answer = await client.readAnswer();
    await new Promise((resolve) => listener.close(resolve));
    // Where the network refuses at once instead of dropping packets there is nothing to wait for.
    if (answer.status === 502) expectProblem(answer, 502, 'upstream_unreachable');
    else expectProblem(answer, 504, 'upstream_timeout');
  });

  it('because it takes too long is 504 upstream_timeout, and its connection is closed', async () => {
    const harness = await startHarness({ timeouts: { headerMs: 60 } });
    const client = await harness.client();
    client.write(get);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    expectProblem(await client.readAnswer(), 504, 'upstream_timeout');
    expect(await upstream.left()).not.toBe('open');
    expect(await harness.ended(1)).toMatchObject([{ status: 504, fault: 'upstream_timeout' }]);
  });

  it('although it dribbles interim answers is 504 upstream_timeout', async () => {
    const harness = await startHarness({ timeouts: { headerMs: 80 } });
    const client = await harness.client();
    client.write(get);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    const dribble = setInterval(() => upstream.write(head('HTTP/1.1 102 Processing')), 10);
    const answer = await client.readAnswer();
    clearInterval(dribble);
    expectProblem(answer, 504, 'upstream_timeout');
  });

  it.each([
    ['closes', (upstream: RawConnection) => upstream.end()],
    ['resets', (upstream: RawConnection) => upstream.reset()],
    [
      'closes in the middle of its head',
      (upstream: RawConnection) => {
        upstream.write('HTTP/1.1 200 OK\r\nContent-Le');
        upstream.end();
      },
    ],
  ])('but %s is 502 upstream_reset', async (_name, act) => {
    const harness = await startHarness();
    expectProblem(await answerAfter(harness, act), 502, 'upstream_reset');
    expect(await harness.ended(1)).toMatchObject([{ status: 502, fault: 'upstream_reset' }]);
  });
});

describe('an answer that is not HTTP/1.1', () => {
  it.each([
    ['garbage', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['a status that is no number', 'HTTP/1.1 abc OK\r\n\r\n'],
    ['another protocol', 'HTTP/7.1 200 OK\r\n\r\n'],
    ['two lengths', `${head('HTTP/1.1 200 OK', 'Content-Length: 2', 'Content-Length: 3')}abc`],
    ['a length that is no number', `${head('HTTP/1.1 200 OK', 'Content-Length: 2x')}ab`],
    [
      'a length and chunks',
      `${head('HTTP/1.1 200 OK', 'Content-Length: 2', 'Transfer-Encoding: chunked')}2\r\nab\r\n0\r\n\r\n`,
    ],
    [
      'an unknown transfer coding',
      `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: gzip, chunked')}0\r\n\r\n`,
    ],
    ['NUL in a field', 'HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 0\r\n\r\n'],
    ['a space in a field name', 'HTTP/1.1 200 OK\r\nX A: b\r\nContent-Length: 0\r\n\r\n'],
    [
      'an upgrade nobody asked for',
      head('HTTP/1.1 101 Switching', 'Connection: upgrade', 'Upgrade: x'),
    ],
  ])('because of %s is 502 upstream_invalid_response', async (_name, bytes) => {
    const harness = await startHarness();
    const answer = await answerAfter(harness, (upstream) => {
      upstream.write(bytes);
    });
    expectProblem(answer, 502, 'upstream_invalid_response');
  });

  it('because its head is too large is 502 upstream_invalid_response', async () => {
    const harness = await startHarness({ limits: { answerHeaderBytes: 2_000 } });
    const answer = await answerAfter(harness, (upstream) => {
      upstream.write(head('HTTP/1.1 200 OK', `X-Large: ${'x'.repeat(3_000)}`, 'Content-Length: 0'));
    });
    expectProblem(answer, 502, 'upstream_invalid_response');
  });

  it('does not spoil the next request', async () => {
    const harness = await startHarness();
    await answerAfter(harness, (upstream) => {
      upstream.write('garbage\r\n\r\n');
    });
    const next = await answerAfter(harness, (upstream) => {
      upstream.write(ok);
    });
    expect(next.status).toBe(200);
  });
});

describe('an upstream that dies in the middle of a body', () => {
  const partial: [string, string][] = [
    ['with a length', `${head('HTTP/1.1 200 OK', 'Content-Length: 10')}abc`],
    ['in chunks', `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}3\r\nabc\r\n`],
    [
      'in the middle of a chunk',
      `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}9\r\nabc`,
    ],
    ['before any of it', head('HTTP/1.1 200 OK', 'Content-Length: 10')],
  ];
  const deaths: [string, (upstream: RawConnection) => void][] = [
    ['closing', (upstream) => upstream.end()],
    ['with a reset', (upstream) => upstream.reset()],
  ];

  it.each(
    partial.flatMap(([body, bytes]) => deaths.map(([how, die]) => ({ body, bytes, how, die }))),
  )('$body, $how, is seen as a broken answer', async ({ bytes, die }) => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(get);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(bytes);
    await client.readUntil('\r\n\r\n');
    die(upstream);
    const { text, ending } = await client.readToEnd();
    expect(ending).not.toBe('open');
    expect(text).not.toContain('0\r\n\r\n');
    expect(text).not.toContain('problem');
    expect(await harness.ended(1)).toMatchObject([{ status: 200, fault: 'upstream_reset' }]);
  });

  it('without a length or chunks is seen as broken where it is reset', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(get);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(`${head('HTTP/1.1 200 OK')}abc`);
    await client.readUntil('abc\r\n');
    upstream.reset();
    expect((await client.readToEnd()).text).toBe('');
    expect(await harness.ended(1)).toMatchObject([{ fault: 'upstream_reset' }]);
  });

  it('is seen as broken by a client of HTTP/1.0, too: as a reset', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(head('GET / HTTP/1.0'));
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(`${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}3\r\nabc\r\n`);
    await client.readUntil('abc');
    upstream.end();
    expect(await client.left()).toBe('reset');
  });

  it('because it falls silent is given up after the idle time', async () => {
    const harness = await startHarness({ timeouts: { idleMs: 60 } });
    const client = await harness.client();
    client.write(get);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(`${head('HTTP/1.1 200 OK', 'Content-Length: 10')}abc`);
    expect((await client.readAnswer()).complete).toBe(false);
    expect(await upstream.left()).not.toBe('open');
    expect(await harness.ended(1)).toMatchObject([{ status: 200, fault: 'upstream_timeout' }]);
  });

  it('but is not given up as long as something comes', async () => {
    const harness = await startHarness({ timeouts: { idleMs: 500 } });
    const client = await harness.client();
    client.write(get);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(head('HTTP/1.1 200 OK', 'Content-Length: 8'));
    for (let sent = 0; sent < 8; sent++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      upstream.write('x');
    }
    expect(await client.readAnswer()).toMatchObject({ complete: true });
  });

  it('with chunks that are none is seen as broken', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(get);
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.write(`${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}3\r\nabc\r\nzz\r\n`);
    expect((await client.readAnswer()).complete).toBe(false);
  });
});

describe('HEAD', () => {
  it('gets the head of a problem and no body', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(head('HEAD / HTTP/1.1', 'Host: h'));
    const upstream = await harness.upstream();
    await upstream.readRequest();
    upstream.reset();
    const answer = await client.readAnswer('HEAD');
    expect(answer.status).toBe(502);
    expect(valueOf(answer, 'content-type')).toContain('problem+json');
    expect(client.pending).toBe('');
  });
});
