import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import { readAnswerFields, readTrailers, type AnswerFields } from './answer-fields.ts';
import { isConnectionEnd, upstreamFault } from './fault-codes.ts';
import type { ProblemCode } from './problems.ts';
import { bodyTooLarge, type RequestFields } from './request-fields.ts';
import type { FacadeSettings } from './settings.ts';
import { Upload, UploadFault } from './upload.ts';
import type { UpstreamConnection } from './upstream-connection.ts';
import type { Taker, UpstreamPool } from './upstream-pool.ts';

/** Why a call came to nothing: a problem for the client, or a client that is no longer there. */
export type CallFault = ProblemCode | 'client_gone' | 'client_stalled';

/** Who called, and is told what the upstream says. Nothing more is told after a fault or the end. */
export type Caller = {
  /** The request is about to be sent over a connection that is there. */
  onBegun: () => void;
  onInterim: (status: number, reason: string, fields: AnswerFields) => void;
  onHead: (status: number, reason: string, fields: AnswerFields) => void;
  /** Returns false to be sent nothing more until it calls `resume`. */
  onBody: (chunk: Buffer, resume: () => void) => boolean;
  /** Bytes of the answer that the client's connection has not taken yet. */
  unsent: () => number;
  onEnd: (trailers: readonly [string, string][]) => void;
  onUpgrade: (status: number, fields: AnswerFields, upstream: Duplex) => void;
  onFault: (fault: CallFault, detail?: string) => void;
};

type Phase = 'queued' | 'connecting' | 'sending' | 'waiting' | 'answering' | 'delivering' | 'over';

/** Requests that can be repeated without anybody noticing: safe, and sent without a body. */
const repeatable = new Set(['GET', 'HEAD', 'OPTIONS']);
const maxAttempts = 2;

/** One request on its way to an upstream: waits, connects, sends, reads, and may be sent again once. */
export class UpstreamCall implements Taker, Dispatcher.DispatchHandler {
  /** How often the request was sent. */
  attempts = 0;
  readonly #request: IncomingMessage;
  readonly #fields: RequestFields;
  readonly #asksForUpgrade: boolean;
  readonly #pool: UpstreamPool;
  readonly #settings: FacadeSettings;
  readonly #caller: Caller;
  #phase: Phase = 'queued';
  /**
   * How many more ticks the present phase may last. Ticks and not a time of day: nothing expires
   * because this process itself was held up, and no clock is read on the path of every request.
   */
  #ticksLeft = Infinity;
  #connection: UpstreamConnection | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #upload: Upload | undefined;
  #reused = false;
  #answered = false;
  #readsUntilClose = false;
  #stalledByClient = false;
  #unsent = Infinity;

  constructor(
    request: IncomingMessage,
    fields: RequestFields,
    asksForUpgrade: boolean,
    pool: UpstreamPool,
    settings: FacadeSettings,
    caller: Caller,
  ) {
    this.#request = request;
    this.#fields = fields;
    this.#asksForUpgrade = asksForUpgrade;
    this.#pool = pool;
    this.#settings = settings;
    this.#caller = caller;
  }

  /** Bytes of body received from the client. */
  get uploaded(): number {
    return this.#upload?.bytes ?? 0;
  }

  start(): void {
    this.#enter('queued', this.#settings.timeouts.queueMs);
    this.#pool.acquire(this);
  }

  /** Gives up, closing the connection where the call was under way; the caller is told nothing. */
  abandon(): void {
    const phase = this.#phase;
    if (phase === 'over') return;
    this.#phase = 'over';
    this.#ticksLeft = Infinity;
    this.#upload?.destroy();
    if (phase === 'queued') this.#pool.cancel(this);
    // The reason is made where it is needed: a stack trace costs more than all the rest here.
    if (this.#controller !== undefined) this.#controller.abort(givenUp());
    else if (phase === 'connecting') this.#connection?.abandon(givenUp());
  }

  /** To be called at every tick: fails where the time of the present phase is up. */
  tick(): void {
    this.#ticksLeft -= 1;
    if (this.#ticksLeft > 0) return;
    switch (this.#phase) {
      case 'queued':
        this.#fail('upstream_busy');
        break;
      case 'sending':
        this.#fail(this.#upload?.isWaitingForClient ? 'request_timeout' : 'upstream_timeout');
        break;
      case 'connecting':
      case 'waiting':
        this.#fail('upstream_timeout');
        break;
      case 'answering':
        if (!this.#stalledByClient) this.#fail('upstream_timeout');
        else if (!this.#clientTakesMore()) this.#fail('client_stalled');
        break;
      case 'delivering':
        if (!this.#clientTakesMore()) this.#fail('client_stalled');
        break;
      case 'over':
        break;
    }
  }

  onBusy(): void {
    this.#fail('upstream_busy');
  }

  onConnection(connection: UpstreamConnection): void {
    this.#connection = connection;
    this.#dispatch(connection);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#reused = this.#connection?.isReused ?? false;
    this.#connection?.countRequest();
    this.#caller.onBegun();
    if (this.#upload === undefined) this.#enter('waiting', this.#settings.timeouts.headerMs);
    else this.#enter('sending', this.#settings.timeouts.idleMs);
  }

  onRequestSent(): void {
    if (this.#phase === 'sending') this.#enter('waiting', this.#settings.timeouts.headerMs);
  }

  onResponseStarted(): void {
    this.#answered = true;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    reason = '',
  ): void {
    const fields = readAnswerFields(rawFields(controller.rawHeaders));
    if (status < 200) {
      if (status > 101) this.#caller.onInterim(status, reason, fields);
      return;
    }
    if (fields.unknownCoding) throw new TypeError('transfer coding');
    this.#readsUntilClose = fields.untilClose;
    this.#caller.onHead(status, reason, fields);
    this.#enter('answering', this.#settings.timeouts.idleMs);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#touch();
    const keepsUp = this.#caller.onBody(chunk, () => {
      this.#stalledByClient = false;
      this.#touch();
      controller.resume();
    });
    if (keepsUp) return;
    this.#stalledByClient = true;
    this.#unsent = this.#caller.unsent();
    controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const broken = this.#readsUntilClose && (this.#connection?.wasReset ?? false);
    this.#release();
    if (this.#phase === 'over') return;
    if (broken) {
      this.#fail('upstream_reset');
      return;
    }
    // The client has still to take what is left of it.
    this.#enter('delivering', this.#settings.timeouts.idleMs);
    const raw = rawFields(controller.rawTrailers);
    this.#caller.onEnd(raw.length === 0 ? [] : readTrailers(raw));
    this.#unsent = this.#caller.unsent();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    const begun = this.#controller !== undefined;
    this.#controller = undefined;
    if (this.#phase !== 'over' && this.#mayRepeat(error)) {
      this.#repeat();
      return;
    }
    this.#release();
    if (this.#phase === 'over') return;
    if (!(error instanceof UploadFault)) this.#fail(upstreamFault(error, begun));
    else if (error.reason === 'client-gone') this.#fail('client_gone');
    else this.#fail('body_too_large', bodyTooLarge(this.#settings.limits));
  }

  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    upstream: Duplex,
  ): void {
    this.#release();
    if (this.#phase === 'over') {
      upstream.destroy();
      return;
    }
    this.#phase = 'over';
    this.#ticksLeft = Infinity;
    this.#caller.onUpgrade(status, readAnswerFields(rawFields(controller.rawHeaders)), upstream);
  }

  #dispatch(connection: UpstreamConnection): void {
    const { body, forward, upgrade } = this.#fields;
    this.attempts += 1;
    this.#enter('connecting', this.#settings.timeouts.connectMs);
    if (body !== 'none') {
      this.#upload = new Upload(this.#request, this.#settings.limits.bodyBytes, () => {
        this.#touch();
      });
    }
    connection.dispatch(
      {
        method: this.#request.method ?? '',
        path: this.#request.url ?? '',
        headers: forward,
        body: this.#upload ?? null,
        upgrade: this.#asksForUpgrade ? (upgrade ?? null) : null,
      },
      this,
    );
  }

  /** A reused connection that was closed just then is nobody's fault, if nothing can have happened. */
  #mayRepeat(error: Error): boolean {
    return (
      this.#reused &&
      !this.#answered &&
      this.attempts < maxAttempts &&
      this.#upload === undefined &&
      repeatable.has(this.#request.method ?? '') &&
      isConnectionEnd(error)
    );
  }

  #repeat(): void {
    this.#enter('connecting', this.#settings.timeouts.connectMs);
    // Not from inside undici, which is still closing the old connection.
    setImmediate(() => {
      if (this.#phase === 'over' || this.#connection === undefined) this.#release();
      else this.#dispatch(this.#connection);
    });
  }

  /** Whether a slow client has taken anything since it was last looked at; if so, it has time again. */
  #clientTakesMore(): boolean {
    const unsent = this.#caller.unsent();
    const takesMore = unsent < this.#unsent;
    this.#unsent = unsent;
    if (takesMore) this.#ticksLeft = this.#ticks(this.#settings.timeouts.idleMs);
    return takesMore;
  }

  #fail(fault: CallFault, detail?: string): void {
    this.abandon();
    this.#caller.onFault(fault, detail);
  }

  #release(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#controller = undefined;
    if (connection !== undefined) this.#pool.release(connection);
  }

  #enter(phase: Phase, milliseconds: number): void {
    this.#phase = phase;
    this.#ticksLeft = this.#ticks(milliseconds);
  }

  /** One more than fit, because the first may come at once. */
  #ticks(milliseconds: number): number {
    return Math.ceil(milliseconds / this.#settings.tickMs) + 1;
  }

  /** Something moved: the time for the next byte starts again. */
  #touch(): void {
    if (this.#phase === 'sending' || this.#phase === 'answering') {
      this.#ticksLeft = this.#ticks(this.#settings.timeouts.idleMs);
    }
  }
}

function givenUp(): Error {
  return new Error('the call was given up');
}

type RawFields = readonly (Buffer | string)[];

/** undici's type allows a parsed object too, which its HTTP/1.1 parser never gives. */
function rawFields(raw: Dispatcher.DispatchController['rawHeaders']): RawFields {
  return Array.isArray(raw) ? raw : [];
}
