import type { Duplex } from 'node:stream';

export type TunnelOptions = {
  /** Closed after so long without a byte in either direction, in milliseconds. */
  idleMs: number;
  onClose: (bytes: { in: number; out: number }) => void;
};

/**
 * Two connections that have become one (WebSocket): bytes pass both ways with backpressure, an end of
 * one side is passed on as an end, and an error of one side cuts the other.
 */
export class Tunnel {
  readonly #client: Duplex;
  readonly #upstream: Duplex;
  readonly #options: TunnelOptions;
  readonly #moved = { in: 0, out: 0 };
  #lastMoved = performance.now();
  #open = 2;

  constructor(client: Duplex, upstream: Duplex, options: TunnelOptions) {
    this.#client = client;
    this.#upstream = upstream;
    this.#options = options;
    this.#pass(client, upstream, 'in');
    this.#pass(upstream, client, 'out');
  }

  /** Closes both sides where nothing has moved for too long. */
  expire(now: number): void {
    if (now - this.#lastMoved > this.#options.idleMs) this.close();
  }

  close(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }

  #pass(from: Duplex, to: Duplex, direction: 'in' | 'out'): void {
    from.on('data', (chunk: Buffer) => {
      this.#moved[direction] += chunk.length;
      this.#lastMoved = performance.now();
      if (!to.write(chunk)) from.pause();
    });
    to.on('drain', () => {
      this.#lastMoved = performance.now();
      from.resume();
    });
    from.on('end', () => {
      to.end();
    });
    from.on('error', () => {
      to.destroy();
    });
    from.on('close', () => {
      if (from.errored !== null || !from.readableEnded) to.destroy();
      this.#open -= 1;
      if (this.#open === 0) this.#options.onClose(this.#moved);
    });
    from.resume();
  }
}
