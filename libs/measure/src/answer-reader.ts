export type AnswerState = 'partial' | 'complete' | 'malformed';

/**
 * Finds where an HTTP/1.1 answer ends, and nothing else: fast enough that the load generator costs
 * less than what it measures. One request at a time, so an answer never shares a chunk with the next.
 */
export class AnswerReader {
  status = 0;
  /** The server closes the connection after this answer. */
  lastOnConnection = false;
  readonly #headOnly: boolean;
  #head = '';
  #state: 'head' | 'counted' | 'chunked' | 'until-close' = 'head';
  #left = 0;
  #tail = '';

  constructor(headOnly: boolean) {
    this.#headOnly = headOnly;
  }

  read(chunk: Buffer): AnswerState {
    if (this.#state === 'head') return this.#readHead(chunk);
    if (this.#state === 'counted') return this.#readCounted(chunk.length);
    if (this.#state === 'chunked') return this.#readChunked(chunk);
    return 'partial';
  }

  /** Tells whether the end of the connection was a proper end of the answer. */
  endOfStream(): boolean {
    return this.#state === 'until-close';
  }

  #readHead(chunk: Buffer): AnswerState {
    this.#head += chunk.toString('latin1');
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return this.#head.length > 65_536 ? 'malformed' : 'partial';
    const head = this.#head.slice(0, end + 2);
    const bodyStart = chunk.length - (this.#head.length - end - 4);
    this.#head = '';
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
    if (status === undefined) return 'malformed';
    this.status = Number(status);
    if (this.status < 200) {
      const rest = chunk.subarray(bodyStart);
      return rest.length > 0 ? this.#readHead(rest) : 'partial';
    }
    this.lastOnConnection = /\r\nconnection: *close\r\n/i.test(head);
    if (this.#headOnly || this.status === 204 || this.status === 304) return 'complete';
    return this.#readBody(head, chunk.subarray(bodyStart));
  }

  #readBody(head: string, rest: Buffer): AnswerState {
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length !== undefined) {
      this.#state = 'counted';
      this.#left = Number(length);
      return this.#readCounted(rest.length);
    }
    if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
      this.#state = 'chunked';
      this.#tail = '';
      return this.#readChunked(rest);
    }
    this.#state = 'until-close';
    this.lastOnConnection = true;
    return 'partial';
  }

  #readCounted(bytes: number): AnswerState {
    this.#left -= bytes;
    if (this.#left > 0) return 'partial';
    this.#state = 'head';
    return this.#left === 0 ? 'complete' : 'malformed';
  }

  /** Sizes and data in turn; `#left` counts what is still to come of a chunk with its line end. */
  #readChunked(chunk: Buffer): AnswerState {
    let at = 0;
    for (;;) {
      const skipped = Math.min(this.#left, chunk.length - at);
      this.#left -= skipped;
      at += skipped;
      if (this.#left > 0) return 'partial';
      const lineEnd = chunk.indexOf('\n', at);
      if (lineEnd < 0) {
        this.#tail += chunk.toString('latin1', at);
        return 'partial';
      }
      const size = Number.parseInt(this.#tail + chunk.toString('latin1', at, lineEnd), 16);
      this.#tail = '';
      at = lineEnd + 1;
      if (Number.isNaN(size)) return 'malformed';
      if (size === 0) return this.#endOfChunks(chunk, at);
      this.#left = size + 2;
    }
  }

  /** Trailers are not expected from what is measured here: the answer ends with an empty line. */
  #endOfChunks(chunk: Buffer, at: number): AnswerState {
    const rest = chunk.length - at;
    this.#state = 'counted';
    this.#left = 2;
    return this.#readCounted(rest);
  }
}
