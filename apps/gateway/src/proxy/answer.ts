import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnswerFields } from './answer-fields.ts';
import { problemAnswer, type ProblemCode } from './problems.ts';

/** Up to here a body is written together with its head, as one string and one system call. */
const together = 16 * 1_024;

const invalidInReason = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * The client's side of one exchange: writes the answer in as few system calls as it can without
 * holding anything back for longer than the current turn of the event loop.
 */
export class Answer {
  /** Bytes of body passed on. */
  bytes = 0;
  /** What the client was told, or 0. */
  status = 0;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #unflushed = false;
  #held: Buffer | undefined;
  #untilClose = false;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
    response.sendDate = false;
    // A client that is gone is noticed by the connection's end; a write that came too late is nothing.
    response.on('error', ignore);
  }

  /** Whether anything of a final answer was written, so that no other answer is possible. */
  get isBegun(): boolean {
    return this.#response.headersSent;
  }

  /** Whether the last byte was handed to the operating system. */
  get isFinished(): boolean {
    return this.#response.writableFinished;
  }

  /** Bytes that wait for the client's connection to take them. */
  get unsent(): number {
    return this.#response.writableLength;
  }

  /** An interim answer (1xx); left out for HTTP/1.0 and while an earlier answer is being written. */
  interim(status: number, reason: string, fields: readonly string[]): void {
    const { socket } = this.#response;
    if (socket === null || this.#request.httpVersionMinor === 0 || this.isBegun) return;
    let text = `HTTP/1.1 ${status} ${reason}\r\n`;
    for (let at = 0; at < fields.length; at += 2) {
      text += `${fields[at] ?? ''}: ${fields[at + 1] ?? ''}\r\n`;
    }
    socket.write(`${text}\r\n`, 'latin1');
  }

  /** Tells the client to send the body it has announced (`Expect: 100-continue`). */
  inviteBody(): void {
    if (!this.isBegun) this.#response.writeContinue();
  }

  /**
   * Writes the head, and holds it back until the end of this turn.
   *
   * @throws TypeError or RangeError when it cannot be written as HTTP
   */
  begin(status: number, reason: string, fields: AnswerFields): void {
    const response = this.#response;
    this.#untilClose = !fields.hasLength && this.#request.httpVersionMinor === 0;
    const chunked = !fields.hasLength && !this.#untilClose;
    const forward =
      fields.announcesTrailers && !chunked ? withoutTrailer(fields.forward) : fields.forward;
    response.writeHead(status, invalidInReason.test(reason) ? '' : reason, forward);
    this.status = status;
    this.#unflushed = true;
    flushAtEndOfTurn(this);
  }

  /** Returns false where the client does not read fast enough; `onDrain` is then called once. */
  write(chunk: Buffer, onDrain: () => void): boolean {
    this.bytes += chunk.length;
    if (this.#unflushed) {
      if (this.#held === undefined) {
        this.#held = chunk;
        return true;
      }
      this.flush();
    }
    if (this.#response.write(chunk)) return true;
    this.#response.once('drain', onDrain);
    return false;
  }

  end(trailers: readonly [string, string][]): void {
    const response = this.#response;
    if (trailers.length > 0 && response.chunkedEncoding) {
      this.flush();
      response.addTrailers(trailers);
    }
    const held = this.#held;
    this.#held = undefined;
    this.#unflushed = false;
    if (held === undefined) response.end();
    else if (held.length > together) response.end(held);
    else response.end(held.toString('latin1'), 'latin1');
  }

  /** Writes what is held back. */
  flush(): void {
    if (!this.#unflushed) return;
    this.#unflushed = false;
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) this.#response.flushHeaders();
    else this.#response.write(held);
  }

  /** The facade's own answer. @throws never; nothing happens where an answer has begun */
  problem(code: ProblemCode, requestId: string, detail?: string): void {
    if (this.isBegun) return;
    const { status, fields, body } = problemAnswer(code, requestId, detail);
    this.status = status;
    this.#response.sendDate = true;
    this.#response.writeHead(status, fields);
    this.#response.end(body);
  }

  /** Makes sure that the client cannot take what it has got for a complete answer. */
  cut(): void {
    // Without a length and without chunks the end of the connection would read as a proper end.
    if (this.#untilClose) this.#request.socket.resetAndDestroy();
    else this.#request.socket.destroy();
  }

  /** Has the connection closed after this answer, where its head is not written yet. */
  closeAfterwards(): void {
    if (!this.isBegun) this.#response.shouldKeepAlive = false;
  }
}

function ignore(): void {
  return;
}

/** Answers whose head is held back; one tick serves all of a turn. */
let unflushed: Answer[] = [];

function flushAtEndOfTurn(answer: Answer): void {
  if (unflushed.push(answer) === 1) process.nextTick(flushAll);
}

function flushAll(): void {
  const answers = unflushed;
  unflushed = [];
  for (const answer of answers) answer.flush();
}

function withoutTrailer(fields: readonly string[]): string[] {
  return fields.filter((_, at) => fields[at - (at % 2)]?.toLowerCase() !== 'trailer');
}
