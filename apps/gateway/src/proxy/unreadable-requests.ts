import type { Socket } from 'node:net';
import type { AccessRecord } from './access-log.ts';
import { addressOf } from './client-address.ts';
import { makeRequestId } from './correlation.ts';
import type { Exchange } from './exchange.ts';
import { problemAnswer, type ProblemCode } from './problems.ts';

type ParserError = Error & { code?: string; rawPacket?: Buffer };

export type UnreadableOptions = {
  targetBytes: number;
  lingerMs: number;
  exchangesOn: (socket: Socket) => Exchange[];
  ended: (record: AccessRecord) => void;
};

/**
 * Clients whose bytes node's parser refuses. What is behind them on the connection cannot be told
 * apart any more, so the connection ends with the answer.
 */
export class UnreadableRequests {
  readonly #options: UnreadableOptions;
  /** Sockets that are closed as soon as the request in flight on them is answered. */
  readonly #doomed = new WeakSet<Socket>();

  constructor(options: UnreadableOptions) {
    this.#options = options;
  }

  /** Nothing more is taken from this client. */
  distrust(socket: Socket): void {
    this.#doomed.add(socket);
  }

  isDistrusted(socket: Socket): boolean {
    return this.#doomed.has(socket);
  }

  onError(error: ParserError, socket: Socket): void {
    if (this.#doomed.has(socket)) return;
    if (error.code === 'ECONNRESET' || error.code === 'HPE_INVALID_EOF_STATE' || !socket.writable) {
      socket.destroy();
      return;
    }
    this.#doomed.add(socket);
    const code = parserProblem(error, this.#options.targetBytes);
    const inFlight = this.#options.exchangesOn(socket);
    for (const exchange of inFlight) {
      if (exchange.request.complete) exchange.closeAfterwards();
      else exchange.refuse(code);
    }
    if (inFlight.length === 0) this.refuse(socket, code, '');
  }

  /** To be called when an exchange has ended: closes its connection where nothing more can be read. */
  afterExchange(socket: Socket): void {
    if (this.#doomed.has(socket)) this.#closeSoon(socket);
  }

  /** Answers on the bare socket, where there is no response object, and closes the connection. */
  refuse(socket: Socket, code: ProblemCode, method: string): void {
    this.#doomed.add(socket);
    socket.on('error', () => socket.destroy());
    const requestId = makeRequestId();
    const { status, reason, fields, body } = problemAnswer(code, requestId);
    const date = new Date().toUTCString();
    let head = `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nDate: ${date}\r\n`;
    for (let at = 0; at < fields.length; at += 2) {
      head += `${fields[at] ?? ''}: ${fields[at + 1] ?? ''}\r\n`;
    }
    socket.write(`${head}\r\n${body}`);
    this.#closeSoon(socket);
    this.#options.ended({
      requestId,
      traceId: '',
      client: addressOf(socket),
      method,
      path: '',
      route: '',
      stage: '',
      upstream: '',
      status,
      bytesIn: 0,
      bytesOut: body.length,
      upstreamMs: -1,
      totalMs: 0,
      attempts: 0,
      fault: code,
    });
  }

  /** Not at once: a reset would take the answer away from a client that is still sending. */
  #closeSoon(socket: Socket): void {
    socket.end();
    socket.resume();
    setTimeout(() => socket.destroy(), this.#options.lingerMs).unref();
  }
}

/** What a client is told whose bytes node's parser refused. */
export function parserProblem(error: ParserError, targetBytes: number): ProblemCode {
  switch (error.code ?? '') {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'request_timeout';
    case 'HPE_INVALID_VERSION':
      return namesVersion(error.rawPacket) ? 'version_unsupported' : 'request_rejected';
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 'header_too_large';
    case 'HPE_HEADER_OVERFLOW':
      return hasLongTarget(error.rawPacket, targetBytes) ? 'target_too_long' : 'header_too_large';
    default:
      return 'request_rejected';
  }
}

/** A version that is well-formed and no other fault of the request line. */
function namesVersion(packet: Buffer | undefined): boolean {
  const text = packet?.toString('latin1', 0, 16 * 1_024) ?? '';
  return /^[A-Z]+ \S+ HTTP\/\d\.\d\r\n/.test(text);
}

/** The request line as far as the last packet shows it: the parser does not say what was too long. */
function hasLongTarget(packet: Buffer | undefined, targetBytes: number): boolean {
  if (packet === undefined) return false;
  const start = packet.toString('latin1', 0, 16);
  if (!/^[A-Z]+ \//.test(start)) return false;
  const lineEnd = packet.indexOf('\r\n');
  return lineEnd === -1 || lineEnd - start.indexOf(' ') > targetBytes;
}
