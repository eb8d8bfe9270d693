import { afterEach, describe, expect, it } from '@jest/globals';
import { connectRaw, startRawServer, valuesOf, type RawServer } from './raw-http.ts';

const servers: RawServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function pair() {
  const server = await startRawServer();
  servers.push(server);
  const client = await connectRaw(server.port);
  return { client, upstream: await server.accept() };
}

describe('RawConnection', () => {
  it('reads a request with a counted body and leaves the next one alone', async () => {
    const { client, upstream } = await pair();
    client.write(
      'POST /a?b HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 3\r\n\r\nabcGET',
    );
    const request = await upstream.readRequest();
    expect(request).toMatchObject({ method: 'POST', target: '/a?b', complete: true });
    expect(request.body.toString()).toBe('abc');
    expect(request.fields[1]).toEqual(['X-A', '1']);
    expect(valuesOf(request, 'X-a')).toEqual(['1', '2']);
    expect(upstream.pending).toBe('GET');
    client.destroy();
  });

  it.each([
    ['counted', 'Content-Length: 5\r\n\r\nhello', []],
    ['chunked', 'Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x\r\nllo\r\n0\r\n\r\n', []],
    [
      'chunked with trailers',
      'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n',
      [['X-T', '1']],
    ],
  ])('reads a %s answer that comes byte by byte', async (_name, rest, trailers) => {
    const { client, upstream } = await pair();
    const reading = client.readAnswer();
    for (const byte of `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Made It\r\n${rest}`) {
      upstream.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const answer = await reading;
    expect(answer).toMatchObject({ status: 201, reason: 'Made It', complete: true, trailers });
    expect(answer.interim.map(({ startLine }) => startLine)).toEqual(['HTTP/1.1 100 Continue']);
    expect(answer.body.toString()).toBe('hello');
    expect(client.pending).toBe('');
    client.destroy();
  });

  it.each([
    ['a counted body', 'Content-Length: 9\r\n\r\nabc'],
    ['a chunked body', 'Transfer-Encoding: chunked\r\n\r\n9\r\nabc'],
  ])('tells that %s was cut', async (_name, rest) => {
    const { client, upstream } = await pair();
    upstream.write(`HTTP/1.1 200 OK\r\n${rest}`);
    upstream.end();
    expect((await client.readAnswer()).complete).toBe(false);
    client.destroy();
  });

  it('tells a reset from an end', async () => {
    const first = await pair();
    first.upstream.end();
    expect(await first.client.left()).toBe('end');
    first.client.destroy();
    const second = await pair();
    second.upstream.reset();
    expect(await second.client.left()).toBe('reset');
  });

  it('takes an end as the end of a body without a length, and a reset as a cut', async () => {
    const whole = await pair();
    whole.upstream.write('HTTP/1.1 200 OK\r\n\r\nabc');
    whole.upstream.end();
    expect(await whole.client.readAnswer()).toMatchObject({ complete: true });
    whole.client.destroy();
    const broken = await pair();
    broken.upstream.write('HTTP/1.1 200 OK\r\n\r\nabc');
    await broken.client.readHead();
    broken.upstream.reset();
    const { ending } = await broken.client.readToEnd();
    expect(ending).toBe('reset');
  });

  it('says what it waited for and what came instead', async () => {
    const { client, upstream } = await pair();
    upstream.write('HTTP/1.1 200');
    upstream.end();
    await expect(client.readHead()).rejects.toThrow('came: "HTTP/1.1 200"');
    client.destroy();
  });
});
