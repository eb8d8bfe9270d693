import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Uploads that nobody wants any more because their answer came early. Closing at once would reset the
 * connection, and the client could lose the answer; reading on for ever would be a gift. So a bounded
 * rest is read for a bounded time: a client that finishes keeps its connection.
 */
export class Lingering {
  readonly #bytes: number;
  readonly #milliseconds: number;
  readonly #deadlines = new Map<Socket, number>();

  constructor(bytes: number, milliseconds: number) {
    this.#bytes = bytes;
    this.#milliseconds = milliseconds;
  }

  add(request: IncomingMessage): void {
    const { socket } = request;
    if (request.readableEnded || this.#deadlines.has(socket) || socket.destroyed) return;
    this.#deadlines.set(socket, performance.now() + this.#milliseconds);
    let left = this.#bytes;
    request.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) socket.destroy();
    });
    const done = () => {
      this.#deadlines.delete(socket);
    };
    request.on('end', done);
    request.on('close', done);
    request.resume();
  }

  expire(now: number): void {
    for (const [socket, deadline] of this.#deadlines) {
      if (now < deadline) continue;
      this.#deadlines.delete(socket);
      socket.destroy();
    }
  }
}
