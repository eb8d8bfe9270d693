import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Upgrade } from './exchange.ts';
import { Tunnel } from './tunnel.ts';

/** What a client may send before it has the answer to its upgrade request. */
const earlyBytes = 64 * 1_024;

/**
 * Whether a request asks for an upgrade that is worth asking the upstream for. HTTP/2 over cleartext is
 * not: every client that offers it (curl does) goes on in HTTP/1.1, on a connection that stays usable.
 */
export function asksForUpgrade(request: IncomingMessage): boolean {
  const { headers } = request;
  return (
    request.method === 'GET' &&
    request.httpVersionMinor === 1 &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    !/^h2c?$/i.test(headers.upgrade ?? '')
  );
}

/**
 * The client's side of an upgrade. Node has already let go of the connection, so the ordinary answer
 * of an upstream that refuses is written through a response object made here, and ends the connection.
 */
export class ClientUpgrade {
  readonly response: ServerResponse;
  readonly #socket: Socket;
  #early: Buffer[];
  #earlyLength = 0;

  constructor(request: IncomingMessage, socket: Socket, head: Buffer) {
    this.#socket = socket;
    this.#early = head.length > 0 ? [head] : [];
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on('finish', () => {
      socket.destroySoon();
    });
    this.response = response;
    socket.on('error', this.#onError);
    socket.on('drain', this.#onDrain);
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
  }

  /** Passes the upstream's agreement on and joins the two connections. */
  accept(upgrade: Upgrade, idleMs: number, onClose: () => void): Tunnel {
    const socket = this.#socket;
    this.response.detachSocket(socket);
    for (const [event, listener] of [
      ['data', this.#onData],
      ['drain', this.#onDrain],
      ['end', this.#onEnd],
    ] as const) {
      socket.off(event, listener);
    }
    let head = `HTTP/1.1 ${upgrade.status} Switching Protocols\r\n`;
    for (let at = 0; at < upgrade.fields.length; at += 2) {
      head += `${upgrade.fields[at] ?? ''}: ${upgrade.fields[at + 1] ?? ''}\r\n`;
    }
    socket.write(`${head}Connection: Upgrade\r\nUpgrade: ${upgrade.protocol}\r\n\r\n`, 'latin1');
    for (const chunk of this.#early) upgrade.upstream.write(chunk);
    this.#early = [];
    return new Tunnel(socket, upgrade.upstream, {
      idleMs,
      onClose: (moved) => {
        upgrade.closed(moved);
        onClose();
      },
    });
  }

  readonly #onError = () => {
    this.#socket.destroy();
  };

  readonly #onDrain = () => {
    this.response.emit('drain');
  };

  readonly #onEnd = () => {
    this.#socket.destroy();
  };

  readonly #onData = (chunk: Buffer) => {
    this.#earlyLength += chunk.length;
    if (this.#earlyLength > earlyBytes) this.#socket.destroy();
    else this.#early.push(chunk);
  };
}
