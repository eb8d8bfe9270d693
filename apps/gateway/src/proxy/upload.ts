import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/** Why an upload could not be passed on in full. */
export class UploadFault extends Error {
  readonly reason: 'too-large' | 'client-gone';

  constructor(reason: 'too-large' | 'client-gone') {
    super(reason);
    this.reason = reason;
  }
}

/**
 * A request's body on its way to the upstream, as fast as the upstream takes it. A stream of its own
 * between the two, because undici destroys the body it was given when an answer comes early, and
 * destroying the request itself would cut the client's connection before it has the answer.
 */
export class Upload extends Readable {
  /** Bytes received from the client so far. */
  bytes = 0;
  readonly #request: IncomingMessage;
  readonly #limit: number;
  readonly #onProgress: () => void;
  #waitingForClient = false;

  /**
   * @param limit bytes; one more ends the upload with an `UploadFault`
   * @param onProgress called when a side moved: the client sent something, or the upstream took it
   */
  constructor(request: IncomingMessage, limit: number, onProgress: () => void) {
    super({ highWaterMark: 64 * 1_024 });
    this.#request = request;
    this.#limit = limit;
    this.#onProgress = onProgress;
    // undici listens only while its request lives; an error that comes later is nobody's any more.
    this.on('error', () => undefined);
    request.pause();
    request.on('data', this.#onData);
    request.on('end', this.#onEnd);
    request.on('close', this.#onClose);
  }

  /** True while the upstream would take more and the client does not send it. */
  get isWaitingForClient(): boolean {
    return this.#waitingForClient;
  }

  override _read(): void {
    this.#waitingForClient = true;
    this.#onProgress();
    this.#request.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#waitingForClient = false;
    this.#request.off('data', this.#onData);
    this.#request.off('end', this.#onEnd);
    this.#request.off('close', this.#onClose);
    callback(error);
  }

  readonly #onData = (chunk: Buffer) => {
    this.bytes += chunk.length;
    if (this.bytes > this.#limit) {
      this.destroy(new UploadFault('too-large'));
      return;
    }
    this.#onProgress();
    if (this.push(chunk)) return;
    this.#waitingForClient = false;
    this.#request.pause();
  };

  readonly #onEnd = () => {
    this.#waitingForClient = false;
    this.push(null);
  };

  readonly #onClose = () => {
    if (!this.#request.complete) this.destroy(new UploadFault('client-gone'));
  };
}
