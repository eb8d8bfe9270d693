import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { RequestListener, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

import { describe, expect, it } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';

import { listen } from './http-server.ts';
import { createLogger } from './logging.ts';

const logger = createLogger({ service: 'sample', level: 'silent' });
const start = (handler: RequestListener) => listen({ handler, host: '127.0.0.1', port: 0, logger });

/** A raw connection that collects what it receives. */
async function open(
  port: number,
): Promise<{ socket: Socket; received: () => string; closed: Promise<unknown> }> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  let text = '';
  socket.on('data', (chunk: string) => (text += chunk)).on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  return { socket, received: () => text, closed };
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

describe('listen', () => {
  it('gives the port that was free', async () => {
    const { port, server, close } = await start((_req, res) => res.end('hello'));
    expect(port).toBeGreaterThan(0);
    expect(server.listening).toBe(true);
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('hello');
    expect(await close()).toBe(0);
    expect(server.listening).toBe(false);
  });

  it('says in one sentence that the port is taken, and what to do', async () => {
    const { port, close } = await start(() => undefined);
    await expect(
      listen({ handler: () => undefined, host: '127.0.0.1', port, logger }),
    ).rejects.toThrow(
      `Cannot listen on 127.0.0.1:${port}: another program uses it. Stop that program or choose another port.`,
    );
    await close();
  });

  it('says in one sentence that the machine has no such address', async () => {
    await expect(
      listen({ handler: () => undefined, host: '203.0.113.1', port: 0, logger }),
    ).rejects.toThrow(
      /^Cannot listen on 203\.0\.113\.1:0: this machine does not have that address\. Correct HOST\.$/,
    );
  });

  it('needs something that answers', async () => {
    await expect(listen({ host: '127.0.0.1', port: 0, logger })).rejects.toThrow(
      /needs an app or a handler/,
    );
  });
});

describe('close', () => {
  it('lets a request in flight finish, and tells its client not to use the connection again', async () => {
    let answer: ServerResponse | undefined;
    const { port, close } = await start((_req, res) => {
      answer = res;
    });
    const { socket, received, closed } = await open(port);
    socket.write(get('/'));
    await eventually(() => expect(answer).toBeDefined());
    const closing = close();
    let done = false;
    void closing.then(() => (done = true));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(done).toBe(false);
    answer?.end('all of it');
    await closed;
    expect(await closing).toBe(0);
    expect(received()).toMatch(/^HTTP\/1\.1 200 OK\r\n(.*\r\n)*connection: close\r\n/i);
    expect(received()).toContain('all of it');
  });

  it('closes the connection of an answer whose head was out already', async () => {
    let answer: ServerResponse | undefined;
    const { port, close } = await start((_req, res) => {
      res.writeHead(200, { 'content-length': 9 });
      res.write('all ');
      answer = res;
    });
    const { socket, received, closed } = await open(port);
    socket.write(get('/'));
    await eventually(() => expect(received()).toContain('all '));
    const closing = close();
    answer?.end('of it');
    await closed;
    expect(await closing).toBe(0);
    expect(received()).toMatch(/all of it$/);
  });

  it('closes idle connections at once', async () => {
    const { port, close } = await start((_req, res) => res.end('hello'));
    const agent = new Agent({ keepAlive: true });
    const response = await new Promise<NodeJS.ReadableStream>((resolve) => {
      request({ port, host: '127.0.0.1', agent }, resolve).end();
    });
    await once(response.resume(), 'end');
    await eventually(() => expect(Object.keys(agent.freeSockets)).toHaveLength(1));
    const silent = await open(port);
    expect(await close(60_000)).toBe(0);
    await silent.closed;
    agent.destroy();
  });

  it('accepts no new connection', async () => {
    const { port, close } = await start((_req, res) => res.end());
    await close();
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
  });

  it('cuts off at the deadline what does not end, upgraded connections too, and says how many', async () => {
    const { port, server, close } = await start(() => undefined);
    server.on('upgrade', (_req, socket) =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
    );
    const stuck = await open(port);
    stuck.socket.write(get('/'));
    const upgraded = await open(port);
    upgraded.socket.write(
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n',
    );
    await eventually(() => expect(upgraded.received()).toContain('101'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await close(50)).toBe(2);
    await Promise.all([stuck.closed, upgraded.closed]);
  });

  it('answers all requests that one client sent ahead', async () => {
    const answers: ServerResponse[] = [];
    const { port, close } = await start((_req, res) => answers.push(res));
    const { socket, received, closed } = await open(port);
    socket.write(get('/first') + get('/second'));
    await eventually(() => expect(answers.length).toBe(2));
    const closing = close();
    answers[0]?.end('first');
    answers[1]?.end('second');
    await closed;
    expect(await closing).toBe(0);
    expect(received()).toMatch(/keep-alive[^]*first[^]*connection: close[^]*second/i);
  });

  it('answers a request that arrives on a kept connection while it closes, and then closes that', async () => {
    const answers: ServerResponse[] = [];
    const { port, close } = await start((_req, res) => answers.push(res));
    const { socket, received, closed } = await open(port);
    socket.write(get('/first'));
    await eventually(() => expect(answers.length).toBe(1));
    answers[0]?.writeHead(200, { 'content-length': 5 }).write('fir');
    const closing = close();
    socket.write(get('/second'));
    await eventually(() => expect(answers.length).toBe(2));
    answers[0]?.end('st');
    answers[1]?.end('second');
    await closed;
    expect(await closing).toBe(0);
    expect(received()).toMatch(/keep-alive[^]*first[^]*connection: close[^]*second/i);
  });
});
