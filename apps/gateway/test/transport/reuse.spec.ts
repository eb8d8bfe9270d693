import { afterEach, describe, expect, it } from '@jest/globals';
import { valueOf } from '@newscience/testing/raw-http';
import { head, ok, startHarness, stopAll, type Harness } from './harness.ts';

afterEach(stopAll);

/**
 * Sends `first`, answers it by hand, and then uses the client's connection for a second request: what
 * is left over from the first on either side would show there.
 */
async function twice(
  harness: Harness,
  first: { request: string; method?: string; answer: string },
): Promise<{ status: number; connections: number; body: string; length: string | undefined }> {
  const client = await harness.client();
  client.write(first.request);
  const upstream = await harness.upstream();
  await upstream.readRequest();
  upstream.write(first.answer);
  const answer = await client.readAnswer(first.method);
  client.write(head('GET /second HTTP/1.1', 'Host: h'));
  const next = await Promise.any([
    upstream.readRequest().then((request) => ({ request, connection: upstream })),
    harness.upstream().then(async (connection) => ({
      request: await connection.readRequest(),
      connection,
    })),
  ]);
  expect(next.request.target).toBe('/second');
  next.connection.write(ok);
  const second = await client.readAnswer();
  expect(second).toMatchObject({ status: 200, complete: true });
  expect(second.body.toString()).toBe('ok');
  expect(client.pending).toBe('');
  return {
    status: answer.status,
    connections: harness.upstreamConnections(),
    body: answer.body.toString(),
    length: valueOf(answer, 'content-length'),
  };
}

const request = (method: string, ...lines: string[]) =>
  head(`${method} /first HTTP/1.1`, 'Host: h', ...lines);

describe('both connections can be used again', () => {
  it.each([
    ['200 with a length', 'GET', ok, { status: 200, body: 'ok', length: '2' }],
    [
      '200 in chunks',
      'GET',
      `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n`,
      { status: 200, body: 'ok', length: undefined },
    ],
    [
      '200 in chunks with trailers',
      'GET',
      `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\nX-T: 1\r\n\r\n`,
      { status: 200, body: 'ok', length: undefined },
    ],
    [
      '200 without a body',
      'GET',
      head('HTTP/1.1 200 OK', 'Content-Length: 0'),
      { status: 200, body: '', length: '0' },
    ],
    ['204', 'GET', head('HTTP/1.1 204 No Content'), { status: 204, body: '', length: undefined }],
    ['204 to DELETE', 'DELETE', head('HTTP/1.1 204 Gone'), { status: 204 }],
    [
      '304',
      'GET',
      head('HTTP/1.1 304 Not Modified', 'ETag: "1"'),
      { status: 304, body: '', length: undefined },
    ],
    [
      '103 and then 200',
      'GET',
      head('HTTP/1.1 103 Early Hints', 'Link: </a>') + ok,
      { status: 200, body: 'ok' },
    ],
  ])('after %s', async (_name, method, answer, expected) => {
    const harness = await startHarness();
    const result = await twice(harness, { request: request(method), answer });
    expect(result).toMatchObject({ ...expected, connections: 1 });
  });

  it('after a counted upload', async () => {
    const harness = await startHarness();
    const post = `${request('POST', 'Content-Length: 3')}abc`;
    expect(await twice(harness, { request: post, answer: ok })).toMatchObject({ connections: 1 });
  });

  it('after a chunked upload', async () => {
    const harness = await startHarness();
    const post = `${request('POST', 'Transfer-Encoding: chunked')}3\r\nabc\r\n0\r\n\r\n`;
    expect(await twice(harness, { request: post, answer: ok })).toMatchObject({ connections: 1 });
  });
});

describe('the client’s connection can be used again, over a new one to the upstream,', () => {
  it.each([
    [
      'HEAD with a length',
      'HEAD',
      head('HTTP/1.1 200 OK', 'Content-Length: 5000'),
      { status: 200, body: '', length: '5000' },
    ],
    [
      'HEAD in chunks',
      'HEAD',
      head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'),
      { status: 200, body: '' },
    ],
    ['HEAD of nothing', 'HEAD', head('HTTP/1.1 200 OK'), { status: 200, length: undefined }],
    [
      '304 with a length',
      'GET',
      head('HTTP/1.1 304 Not Modified', 'Content-Length: 500'),
      { status: 304, body: '', length: '500' },
    ],
    [
      '204 with a body',
      'GET',
      `${head('HTTP/1.1 204 No', 'Content-Length: 2')}ok`,
      { status: 204 },
    ],
    [
      'an answer that closes',
      'GET',
      `${head('HTTP/1.1 200 OK', 'Connection: close', 'Content-Length: 2')}ok`,
      { status: 200, body: 'ok', length: '2' },
    ],
    [
      'an answer of HTTP/1.0',
      'GET',
      `${head('HTTP/1.0 200 OK', 'Content-Length: 2')}ok`,
      { status: 200, body: 'ok' },
    ],
    [
      'an answer with more behind it than its length',
      'GET',
      `${head('HTTP/1.1 200 OK', 'Content-Length: 2')}okHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`,
      { status: 200, body: 'ok' },
    ],
  ])('after %s', async (_name, method, answer, expected) => {
    const harness = await startHarness();
    const result = await twice(harness, { request: request(method), method, answer });
    expect(result).toMatchObject({ ...expected, connections: 2 });
  });

  it('after an answer that ends with the connection of the upstream', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(request('GET'));
    const first = await harness.upstream();
    await first.readRequest();
    first.write(`${head('HTTP/1.1 200 OK')}until the end`);
    first.end();
    expect((await client.readAnswer()).body.toString()).toBe('until the end');
    client.write(request('GET'));
    const second = await harness.upstream();
    await second.readRequest();
    second.write(ok);
    expect((await client.readAnswer()).status).toBe(200);
  });

  it('after a problem of the facade’s own', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(request('GET'));
    const first = await harness.upstream();
    await first.readRequest();
    first.destroy();
    expect((await client.readAnswer()).status).toBe(502);
    client.write(request('GET'));
    const second = await harness.upstream();
    await second.readRequest();
    second.write(ok);
    expect((await client.readAnswer()).status).toBe(200);
  });
});

describe('the client decides about its own connection:', () => {
  it('Connection: close is obeyed, and not passed on', async () => {
    const harness = await startHarness();
    const client = await harness.client();
    client.write(request('GET', 'Connection: close'));
    const upstream = await harness.upstream();
    expect(valueOf(await upstream.readRequest(), 'connection')).toBe('keep-alive');
    upstream.write(ok);
    const answer = await client.readAnswer();
    expect(valueOf(answer, 'connection')).toBe('close');
    expect(await client.left()).toBe('end');
    expect(upstream.ending).toBe('open');
  });

  it('requests sent without waiting are answered one after the other, in order', async () => {
    const harness = await startHarness({
      serve: async (connection) => {
        while (connection.ending === 'open') {
          const { target } = await connection.readRequest();
          // The later the request, the sooner its answer.
          await new Promise((resolve) => setTimeout(resolve, target === '/1' ? 30 : 1));
          connection.write(
            `${head('HTTP/1.1 200 OK', `Content-Length: ${target.length}`)}${target}`,
          );
        }
      },
    });
    const client = await harness.client();
    client.write(
      ['/1', '/2', '/3'].map((path) => head(`GET ${path} HTTP/1.1`, 'Host: h')).join(''),
    );
    for (const path of ['/1', '/2', '/3']) {
      expect((await client.readAnswer()).body.toString()).toBe(path);
    }
    expect(await harness.ended(3)).toHaveLength(3);
  });
});
