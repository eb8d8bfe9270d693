import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { processUsage } from '@newscience/measure/process-usage';
import { connectRaw, startRawServer, type RawConnection } from '@newscience/testing/raw-http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNodePeer, type NodePeer } from '../../bench/peer-process.ts';
import { head } from './harness.ts';

const gigabyte = 2 ** 30;
/** What the gateway may grow by while a gigabyte passes: buffers that wait for the next collection. */
const mayGrowBy = 160 * 2 ** 20;
const block = Buffer.alloc(2 ** 18, 'science ');

let folder = '';
let gateway: NodePeer;
let upstream: Awaited<ReturnType<typeof startRawServer>>;
/** What the connections of the upstream do; set by each test. */
let serve: (connection: RawConnection) => Promise<void>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'newscience-large-bodies-'));
  upstream = await startRawServer((connection) => serve(connection));
  const log = join(folder, 'gateway.log');
  // In a process of its own: only then is its memory its own, too.
  gateway = await startNodePeer('gateway', 'gateway.ts', [upstream.origin], log);
});

afterEach(async () => {
  await gateway.stop();
  await upstream.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Writes so many bytes as fast as the other side takes them, each block through `frame`. */
async function pour(
  socket: Socket,
  bytes: number,
  frame: (size: number) => [string, string],
): Promise<void> {
  for (let sent = 0; sent < bytes; sent += block.length) {
    const [before, after] = frame(block.length);
    if (before !== '') socket.write(before);
    const keepsUp = socket.write(block);
    if (after !== '') socket.write(after);
    if (!keepsUp) await new Promise((resolve) => socket.once('drain', resolve));
  }
}

const counted = (): [string, string] => ['', ''];
const chunked = (size: number): [string, string] => [`${size.toString(16)}\r\n`, '\r\n'];

/** Counts what arrives instead of keeping it. */
function drain(connection: RawConnection): {
  bytes: number;
  until: (count: number) => Promise<void>;
} {
  const { socket } = connection;
  const pending = connection.pending.length;
  const state = { bytes: pending, until: (_count: number) => Promise.resolve() };
  socket.removeAllListeners('data');
  socket.on('data', (chunk: Buffer) => {
    state.bytes += chunk.length;
  });
  state.until = async (count) => {
    while (state.bytes < count) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (socket.destroyed) throw new Error(`the connection ended after ${state.bytes} bytes`);
    }
  };
  return state;
}

/** The largest resident size while something is done, above the one before it. */
async function growthDuring(work: () => Promise<void>): Promise<number> {
  const before = processUsage(gateway.pid).residentBytes;
  let largest = before;
  const sampling = setInterval(() => {
    largest = Math.max(largest, processUsage(gateway.pid).residentBytes);
  }, 20);
  await work();
  clearInterval(sampling);
  return largest - before;
}

async function client(): Promise<RawConnection> {
  return await connectRaw(Number(new URL(gateway.origin).port));
}

describe('a gigabyte', () => {
  it('goes up, with a length and in chunks, in bounded memory', async () => {
    const lengths: number[] = [];
    serve = async (connection) => {
      const { text } = await connection.readHead();
      const arrived = drain(connection);
      await arrived.until(gigabyte);
      // The framing of chunks comes on top: 5 or more bytes for each that the gateway made.
      if (text.includes('chunked')) await new Promise((resolve) => setTimeout(resolve, 200));
      lengths.push(arrived.bytes);
      connection.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
    };
    for (const [framing, frame, end] of [
      [`Content-Length: ${gigabyte}`, counted, ''],
      ['Transfer-Encoding: chunked', chunked, '0\r\n\r\n'],
    ] as const) {
      const growth = await growthDuring(async () => {
        const sender = await client();
        sender.write(head('POST /upload HTTP/1.1', 'Host: h', framing));
        await pour(sender.socket, gigabyte, frame);
        sender.write(end);
        expect((await sender.readAnswer()).status).toBe(200);
        sender.destroy();
      });
      expect(growth).toBeLessThan(mayGrowBy);
    }
    expect(lengths[0]).toBe(gigabyte);
    expect(lengths[1]).toBeGreaterThan(gigabyte);
  }, 180_000);

  it('comes down, with a length and in chunks, in bounded memory', async () => {
    let isChunked = false;
    serve = async (connection) => {
      await connection.readRequest();
      const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${gigabyte}`;
      connection.write(head('HTTP/1.1 200 OK', framing, 'Connection: close'));
      await pour(connection.socket, gigabyte, isChunked ? chunked : counted);
      connection.write(isChunked ? '0\r\n\r\n' : '');
      connection.end();
    };
    for (isChunked of [false, true]) {
      const growth = await growthDuring(async () => {
        const receiver = await client();
        receiver.write(head('GET /download HTTP/1.1', 'Host: h', 'Connection: close'));
        await receiver.readHead();
        const arrived = drain(receiver);
        await arrived.until(gigabyte);
        await receiver.left();
        if (!isChunked) expect(arrived.bytes).toBe(gigabyte);
        receiver.destroy();
      });
      expect(growth).toBeLessThan(mayGrowBy);
    }
  }, 180_000);

  it('is held back at its source while nobody reads it', async () => {
    let sent = 0;
    serve = async (connection) => {
      await connection.readRequest();
      connection.write(head('HTTP/1.1 200 OK', `Content-Length: ${gigabyte}`));
      while (sent < gigabyte && !connection.socket.destroyed) {
        await pour(connection.socket, block.length, counted);
        sent += block.length;
      }
    };
    const growth = await growthDuring(async () => {
      const idle = await client();
      idle.socket.pause();
      idle.write(head('GET /download HTTP/1.1', 'Host: h'));
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      idle.destroy();
    });
    expect(sent).toBeLessThan(64 * 2 ** 20);
    expect(growth).toBeLessThan(64 * 2 ** 20);
  }, 60_000);
});
