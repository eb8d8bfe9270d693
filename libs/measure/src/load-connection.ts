import { connect, type Socket } from 'node:net';
import { AnswerReader } from './answer-reader.ts';

export type LoadEvents = {
  /** Whether one more request may begin; counts it when it may. */
  mayBegin: () => boolean;
  answered: (status: number, milliseconds: number) => void;
  failed: () => void;
};

/** Pause before a failed connection is opened again, in milliseconds. */
const reconnectAfter = 20;
/** How long an answer under way may take once the run is over, in milliseconds. */
const graceAtEnd = 5_000;

/** One connection of a load run: sends the next request when the answer to the last is complete. */
export class LoadConnection {
  bytes = 0;
  readonly #port: number;
  readonly #request: Buffer;
  readonly #headOnly: boolean;
  readonly #events: LoadEvents;
  #socket: Socket | undefined;
  #busy = false;
  #ending = false;
  #begun = 0;
  #resolve: (() => void) | undefined;

  constructor(port: number, request: Buffer, headOnly: boolean, events: LoadEvents) {
    this.#port = port;
    this.#request = request;
    this.#headOnly = headOnly;
    this.#events = events;
  }

  /** Resolves when no further request may begin and the last one is answered. */
  async run(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#resolve = resolve;
      this.#open();
    });
  }

  /** Lets the request under way end, at most for a few seconds. */
  finish(): void {
    this.#ending = true;
    if (!this.#busy) {
      this.#close();
      return;
    }
    setTimeout(() => {
      this.#close();
    }, graceAtEnd).unref();
  }

  #open(): void {
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true });
    const reader = new AnswerReader(this.#headOnly);
    this.#socket = socket;
    let connected = false;
    socket.on('connect', () => {
      connected = true;
      this.#next();
    });
    socket.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
      if (!this.#busy) return;
      const state = reader.read(chunk);
      if (state === 'malformed') socket.destroy();
      if (state !== 'complete') return;
      this.#busy = false;
      this.#events.answered(reader.status, performance.now() - this.#begun);
      if (reader.lastOnConnection) socket.destroy();
      else this.#next();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#closed(reader, !connected);
    });
  }

  #closed(reader: AnswerReader, refused: boolean): void {
    if (this.#busy && reader.endOfStream()) {
      this.#busy = false;
      this.#events.answered(reader.status, performance.now() - this.#begun);
    } else if (this.#busy) {
      this.#busy = false;
      this.#events.failed();
    } else if (refused) {
      if (this.#events.mayBegin()) this.#events.failed();
      else this.#ending = true;
    }
    if (this.#ending) this.#resolve?.();
    else setTimeout(() => this.#open(), refused ? reconnectAfter : 0);
  }

  #next(): void {
    if (this.#ending || !this.#events.mayBegin()) {
      this.#ending = true;
      this.#close();
      return;
    }
    this.#busy = true;
    this.#begun = performance.now();
    this.#socket?.write(this.#request);
  }

  #close(): void {
    this.#busy = false;
    this.#socket?.destroy();
    if (this.#socket === undefined || this.#socket.closed) this.#resolve?.();
  }
}
