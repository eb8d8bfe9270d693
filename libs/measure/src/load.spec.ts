import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server as TcpServer,
} from 'node:net';
import { runLoad } from './load.ts';

const servers: (Server | TcpServer)[] = [];

async function listen(server: Server | TcpServer): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

afterEach(async () => {
  for (const server of servers.splice(0)) {
    await new Promise((resolve) => server.close(resolve));
  }
});

describe('runLoad', () => {
  it('stops after the requests asked for, each counted once', async () => {
    let seen = 0;
    const url = await listen(createServer((_request, response) => response.end(String(++seen))));
    const result = await runLoad({ url, connections: 4, stop: { requests: 100 } });
    expect(result).toMatchObject({ requests: 100, errors: 0, statuses: { 200: 100 } });
    expect(seen).toBe(100);
    expect(result.latency.p50).toBeGreaterThan(0);
    expect(result.latency.max).toBeGreaterThanOrEqual(result.latency.p99);
  });

  it.each([
    ['a counted body', (size: number) => ({ 'Content-Length': size })],
    ['a chunked body', () => ({ 'Transfer-Encoding': 'chunked' })],
    ['a body that ends with the connection', () => ({ Connection: 'close' })],
  ])('reads %s', async (_name, headers) => {
    const body = Buffer.alloc(300_000, 'x');
    const server = createServer((_request, response) => {
      response.useChunkedEncodingByDefault = !('Connection' in headers(1));
      response.writeHead(200, headers(body.length));
      for (let at = 0; at < body.length; at += 70_001)
        response.write(body.subarray(at, at + 70_001));
      response.end();
    });
    const url = await listen(server);
    const result = await runLoad({ url, connections: 2, stop: { requests: 10 } });
    expect(result).toMatchObject({ requests: 10, errors: 0 });
    expect(result.bytes).toBeGreaterThan(10 * body.length);
  });

  it('sends method, headers and body', async () => {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        seen.push(`${request.method} ${String(request.headers['x-a'])} ${body}`);
        response.end();
      });
    });
    const url = await listen(server);
    const body = Buffer.from('hello');
    await runLoad({ url, method: 'POST', headers: { 'X-A': '1' }, body, stop: { requests: 1 } });
    expect(seen).toEqual(['POST 1 hello']);
  });

  it('does not wait for a body after HEAD', async () => {
    const url = await listen(
      createServer((_request, response) => {
        response.setHeader('Content-Length', 5);
        response.end();
      }),
    );
    const result = await runLoad({ url, method: 'HEAD', stop: { requests: 5 } });
    expect(result).toMatchObject({ requests: 5, errors: 0 });
  });

  it('ends in time although requests never end', async () => {
    const url = await listen(
      createServer((_request, response) => {
        setTimeout(() => response.end(), 5);
      }),
    );
    const result = await runLoad({ url, connections: 3, stop: { milliseconds: 100 } });
    expect(result.requests).toBeGreaterThan(0);
    expect(result.errors).toBe(0);
  });

  it('gives up after many errors', async () => {
    const server = createTcpServer((socket) => socket.on('error', () => undefined).destroy());
    const url = await listen(server);
    const result = await runLoad({ url, connections: 20, stop: { milliseconds: 20_000 } });
    expect(result.requests).toBe(0);
    expect(result.errors).toBeGreaterThanOrEqual(100);
    expect(result.seconds).toBeLessThan(20);
  });

  it('counts an answer that is cut as an error', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'));
    });
    const url = await listen(server);
    const result = await runLoad({ url, connections: 2, stop: { milliseconds: 20_000 } });
    expect(result.requests).toBe(0);
    expect(result.errors).toBeGreaterThanOrEqual(100);
  });

  it.each(['http://example.org/', 'https://127.0.0.1/', 'http://localhost/'])(
    'refuses %s',
    async (url) => {
      await expect(runLoad({ url, stop: { requests: 1 } })).rejects.toThrow('127.0.0.1 alone');
    },
  );

  it('refuses to run without an end', async () => {
    await expect(runLoad({ url: 'http://127.0.0.1/', stop: {} })).rejects.toThrow('stop should');
  });
});
