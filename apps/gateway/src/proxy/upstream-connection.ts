import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { buildConnector, Client, type Dispatcher } from 'undici';

export type ConnectionOptions = {
  connectMs: number;
  answerHeaderBytes: number;
  /** Told of faults that no request can be told of; there should be none. */
  onDefect: (error: Error) => void;
};

/** Idle connections are given up after this long, unless the upstream announces less. */
const idleMs = 4_000;
/** Given up so much earlier than the upstream announces, so that a request does not meet its close. */
const idleMarginMs = 1_000;

/**
 * One place for a connection to an upstream: an undici client that carries one request at a time and
 * connects again by itself when its connection was closed. Time-outs are the facade's, which sees
 * both sides; undici's own are off.
 */
export class UpstreamConnection {
  readonly #origin: string;
  readonly #options: ConnectionOptions;
  #client: Client;
  #socket: Socket | TLSSocket | undefined;
  #reset = false;
  #served = 0;

  constructor(origin: string, options: ConnectionOptions) {
    this.#origin = origin;
    this.#options = options;
    this.#client = this.#open();
  }

  /** Whether a request that starts now goes over a connection that served one before. */
  get isReused(): boolean {
    return this.#served > 0 && this.#socket !== undefined && !this.#socket.destroyed;
  }

  /** Whether a socket is open right now. */
  get isConnected(): boolean {
    return this.#socket !== undefined && !this.#socket.destroyed;
  }

  /** Whether the connection was reset: an end that is not one, for a body that lasts until the end. */
  get wasReset(): boolean {
    return this.#reset;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#client.dispatch(options, handler);
  }

  /** To be told when a request begins on the connection. */
  countRequest(): void {
    this.#served += 1;
  }

  /** Gives up a request that was dispatched but has not begun: nothing smaller can be cancelled. */
  abandon(reason: Error): void {
    const client = this.#client;
    this.#client = this.#open();
    void client.destroy(reason);
  }

  async close(): Promise<void> {
    await this.#client.destroy();
  }

  #open(): Client {
    const connect = buildConnector({ timeout: this.#options.connectMs, allowH2: false });
    const client = new Client(this.#origin, {
      connect: (target, callback) => {
        connect(target, (...outcome) => {
          const [error, socket] = outcome;
          if (error === null) this.#watch(socket);
          callback(...outcome);
        });
      },
      pipelining: 1,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: idleMs,
      keepAliveTimeoutThreshold: idleMarginMs,
      maxHeaderSize: this.#options.answerHeaderBytes,
    });
    // An event that undici's types leave out; without a listener it would end the process.
    const emitter: EventEmitter = client;
    emitter.on('error', this.#options.onDefect);
    return client;
  }

  #watch(socket: Socket | TLSSocket): void {
    this.#socket = socket;
    this.#served = 0;
    this.#reset = false;
    // Before undici's own listener, which takes a reset for the end of a body without a length.
    socket.on('error', () => {
      if (this.#socket === socket) this.#reset = true;
    });
  }
}
