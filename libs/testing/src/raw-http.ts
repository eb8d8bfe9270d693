import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import {
  parseHead,
  readChunked,
  valueOf,
  valuesOf,
  type RawBody,
  type RawHead,
} from './raw-message.ts';

export { valueOf, valuesOf, type RawBody, type RawHead };

export type RawRequest = RawHead & RawBody & { method: string; target: string };
export type RawAnswer = RawHead &
  RawBody & {
    status: number;
    reason: string;
    /** Interim answers (1xx) that came before it. */
    interim: RawHead[];
  };

/** How the other side left: it ended properly, or it was reset or never left. */
export type Ending = 'open' | 'end' | 'reset';

const patience = 10_000;

/**
 * One end of a TCP connection that speaks HTTP byte by byte, so that a test can say and see what a
 * client library would hide. Text is latin1. Every wait fails after 10 s and shows what had come.
 */
export class RawConnection {
  readonly socket: Socket;
  #buffer: Buffer = Buffer.alloc(0);
  #ending: Ending = 'open';
  #wake: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
      this.#notify();
    });
    socket.on('end', () => {
      this.#leave('end');
    });
    socket.on('error', () => {
      this.#leave('reset');
    });
    socket.on('close', () => {
      this.#leave('end');
    });
  }

  /** What came and was not read yet. */
  get pending(): string {
    return this.#buffer.toString('latin1');
  }

  get ending(): Ending {
    return this.#ending;
  }

  write(data: string | Buffer): void {
    this.socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
  }

  /** Says that nothing more will be written (FIN). */
  end(): void {
    this.socket.end();
  }

  /** Cuts the connection without a farewell (RST). */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** The next bytes up to and including the marker, taken out of what is pending. */
  async readUntil(marker: string): Promise<string> {
    const end = await this.#wait(`until ${JSON.stringify(marker)}`, () => {
      const at = this.#buffer.indexOf(marker, 0, 'latin1');
      return at < 0 ? undefined : at + marker.length;
    });
    return this.#take(end).toString('latin1');
  }

  async readBytes(count: number): Promise<Buffer> {
    await this.#wait(`${count} bytes`, () => (this.#buffer.length >= count ? true : undefined));
    return this.#take(count);
  }

  /** Everything until the other side leaves. */
  async readToEnd(): Promise<{ text: string; ending: Ending }> {
    await this.#wait('end', () => (this.#ending === 'open' ? undefined : true), true);
    return { text: this.#take(this.#buffer.length).toString('latin1'), ending: this.#ending };
  }

  async readHead(): Promise<RawHead> {
    return parseHead(await this.readUntil('\r\n\r\n'));
  }

  /** One request with its body; `complete: false` where the client left before its end. */
  async readRequest(): Promise<RawRequest> {
    const head = await this.readHead();
    const [method = '', target = ''] = head.startLine.split(' ');
    return { ...head, method, target, ...(await this.readBody(head, false)) };
  }

  /**
   * One final answer with its body, and the interim answers before it.
   *
   * @param toMethod `HEAD` where no body may follow
   */
  async readAnswer(toMethod = 'GET'): Promise<RawAnswer> {
    const interim: RawHead[] = [];
    for (;;) {
      const head = await this.readHead();
      const [, status = '', reason = ''] = /^HTTP\/1\.1 (\d{3}) (.*)$/.exec(head.startLine) ?? [];
      if (status === '') throw new Error(`not an answer: ${head.startLine}`);
      if (status.startsWith('1') && status !== '101') {
        interim.push(head);
        continue;
      }
      const bodiless = toMethod === 'HEAD' || ['101', '204', '304'].includes(status);
      const body = bodiless
        ? { body: Buffer.alloc(0), trailers: [], complete: true }
        : await this.readBody(head, true);
      return { ...head, ...body, status: Number(status), reason, interim };
    }
  }

  /** @param untilEnd whether a message without a length lasts until the connection ends */
  async readBody(head: RawHead, untilEnd: boolean): Promise<RawBody> {
    if (valuesOf(head, 'transfer-encoding').length > 0) {
      const chunked = await this.#wait(
        'chunks',
        () => {
          const state = readChunked(this.#buffer);
          if (state !== 'partial') return state;
          return this.#ending === 'open' ? undefined : ('cut' as const);
        },
        true,
      );
      if (chunked === 'cut') return this.#cut();
      this.#take(chunked.length);
      return { body: chunked.body, trailers: chunked.trailers, complete: true };
    }
    const length = valueOf(head, 'content-length');
    if (length !== undefined) {
      const wanted = Number(length);
      const enough = () => this.#buffer.length >= wanted || this.#ending !== 'open' || undefined;
      await this.#wait(`${length} bytes of body`, enough, true);
      if (this.#buffer.length < wanted) return this.#cut();
      return { body: this.#take(wanted), trailers: [], complete: true };
    }
    if (!untilEnd) return { body: Buffer.alloc(0), trailers: [], complete: true };
    const { text, ending } = await this.readToEnd();
    return { body: Buffer.from(text, 'latin1'), trailers: [], complete: ending === 'end' };
  }

  /** Resolves when the other side has left, and says how. */
  async left(): Promise<Ending> {
    await this.#wait('end', () => (this.#ending === 'open' ? undefined : true), true);
    return this.#ending;
  }

  #cut(): RawBody {
    return { body: this.#take(this.#buffer.length), trailers: [], complete: false };
  }

  #take(count: number): Buffer {
    const taken = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return taken;
  }

  #leave(how: Ending): void {
    if (this.#ending !== 'reset')
      this.#ending = how === 'reset' || this.#ending === 'open' ? how : 'end';
    this.#notify();
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** @param evenAfterEnd whether the probe itself knows what the end of the connection means */
  async #wait<T>(what: string, probe: () => T | undefined, evenAfterEnd = false): Promise<T> {
    const deadline = performance.now() + patience;
    for (;;) {
      const found = probe();
      if (found !== undefined) return found;
      const left = deadline - performance.now();
      if (left <= 0 || (!evenAfterEnd && this.#ending !== 'open')) {
        const came = JSON.stringify(this.pending.slice(0, 500));
        throw new Error(`waited for ${what}; connection: ${this.#ending}; came: ${came}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }
}

/** Opens a raw connection to a port of this machine. */
export async function connectRaw(port: number): Promise<RawConnection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return new RawConnection(socket);
}

export type RawServer = {
  port: number;
  origin: string;
  /** All connections so far, the oldest first. */
  connections: RawConnection[];
  /** The next connection nobody has taken yet. */
  accept: () => Promise<RawConnection>;
  close: () => Promise<void>;
};

/**
 * A server whose answers a test writes byte by byte: either through `accept()`, or by a function that
 * is called for each connection.
 *
 * @param serve what a connection does; an error in it cuts that connection
 */
export async function startRawServer(
  serve?: (connection: RawConnection) => Promise<void> | void,
): Promise<RawServer> {
  const connections: RawConnection[] = [];
  const queue: RawConnection[] = [];
  const takers: ((connection: RawConnection) => void)[] = [];
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    const connection = new RawConnection(socket);
    connections.push(connection);
    const taker = takers.shift();
    if (taker === undefined) queue.push(connection);
    else taker(connection);
    const served = (async () => serve?.(connection))();
    served.catch(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    connections,
    accept: () => {
      const connection = queue.shift();
      if (connection !== undefined) return Promise.resolve(connection);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new Error('nobody connected'));
        }, patience).unref();
        takers.push((accepted) => {
          clearTimeout(timer);
          resolve(accepted);
        });
      });
    },
    close: async () => {
      for (const { socket } of connections) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
