import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { AccessRecord } from './access-log.ts';
import { readAnswerFields, readTrailers } from './answer-fields.ts';
import { Answer } from './answer.ts';
import { traceIdOf } from './correlation.ts';
import { isConnectionEnd, upstreamFault } from './fault-codes.ts';
import type { Placed } from './in-flight.ts';
import type { ProblemCode } from './problems.ts';
import { bodyTooLarge, readRequestFields, type RequestFields } from './request-fields.ts';
import type { DecideRoute, RouteDecision } from './route-decision.ts';
import type { FacadeSettings } from './settings.ts';
import { Upload, UploadFault } from './upload.ts';
import type { UpstreamConnection } from './upstream-connection.ts';
import type { Taker, UpstreamPool } from './upstream-pool.ts';

/** What all exchanges of one facade share. */
export type ExchangeScope = FacadeSettings & {
  decide: DecideRoute;
  poolFor: (upstream: RouteDecision['upstream']) => UpstreamPool;
  /** Called once, when nothing more will be written to the client. */
  ended: (exchange: Exchange, record: AccessRecord) => void;
  /** Reads what the client still uploads although it has its answer. */
  linger: (request: IncomingMessage) => void;
  /** Has nothing more read from a client, whose connection is closed after this answer. */
  distrust: (socket: Socket) => void;
  isClosing: () => boolean;
};

/** How the request came to the facade, where that matters. */
export type Arrival = {
  /** The client waits to be invited before it sends its body. */
  expectsContinue?: boolean;
  /** Refused before it is routed. */
  refusal?: ProblemCode;
  /** What becomes of the client's socket once the upstream has agreed to an upgrade. */
  onUpgrade?: (upgrade: Upgrade) => void;
};

/** An upstream that has agreed to an upgrade. */
export type Upgrade = {
  status: number;
  fields: readonly string[];
  protocol: string;
  upstream: Duplex;
  /** To be called once, when both sides are closed, with the bytes that passed. */
  closed: (moved: { in: number; out: number }) => void;
};

type Phase = 'routing' | 'queued' | 'connecting' | 'sending' | 'waiting' | 'answering' | 'over';

/** Requests that can be repeated without anybody noticing: safe, and sent without a body. */
const repeatable = new Set(['GET', 'HEAD', 'OPTIONS']);
const maxAttempts = 2;

/** After these it is doubtful where the next request begins, so nothing more is read. */
const endsConnection = new Set<ProblemCode>([
  'request_rejected',
  'target_rejected',
  'transfer_coding_unsupported',
  'version_unsupported',
]);

/** One request and its answer, from the client's first byte to the last. */
export class Exchange implements Taker, Placed, Dispatcher.DispatchHandler {
  place = -1;
  readonly request: IncomingMessage;
  readonly #scope: ExchangeScope;
  readonly #arrival: Arrival;
  readonly #answer: Answer;
  readonly #started = performance.now();
  #phase: Phase = 'routing';
  #deadline = Infinity;
  #requestId = '';
  #fields: RequestFields | undefined;
  #path = '';
  #decision: RouteDecision | undefined;
  #pool: UpstreamPool | undefined;
  #connection: UpstreamConnection | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #upload: Upload | undefined;
  #attempts = 0;
  #reused = false;
  #answered = false;
  #readsUntilClose = false;
  #stalledByClient = false;
  #upstreamMs = -1;
  #fault = '';
  #reported = false;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    scope: ExchangeScope,
    arrival: Arrival,
  ) {
    this.request = request;
    this.#scope = scope;
    this.#arrival = arrival;
    this.#answer = new Answer(request, response);
    const closed = () => {
      this.#onClientClosed();
    };
    response.on('close', closed);
    // Behind an earlier answer on the same connection the response has no socket to hear from yet.
    if (response.socket === null) request.socket.once('close', closed);
  }

  start(): void {
    const { request } = this;
    const { socket } = request;
    const target = request.url ?? '';
    const query = target.indexOf('?');
    this.#path = query === -1 ? target : target.slice(0, query);
    const fields = readRequestFields(
      request.rawHeaders,
      {
        address: socket.remoteAddress ?? '',
        scheme: 'encrypted' in socket ? 'https' : 'http',
        minorVersion: request.httpVersionMinor,
      },
      this.#scope.limits,
    );
    this.#requestId = fields.requestId;
    if (this.#arrival.refusal !== undefined) {
      this.refuse(this.#arrival.refusal);
    } else if (request.httpVersionMajor !== 1) {
      this.refuse('version_unsupported');
    } else if (target.length > this.#scope.limits.targetBytes) {
      this.refuse('target_too_long');
    } else if (!target.startsWith('/')) {
      this.refuse('target_rejected');
    } else if ('code' in fields) {
      this.refuse(fields.code, fields.detail);
    } else {
      this.#fields = fields;
      this.#route(request.method ?? '');
    }
  }

  /** The facade's own answer instead of the upstream's. */
  refuse(code: ProblemCode, detail?: string): void {
    if (this.#phase === 'over') return;
    this.#fault = code;
    this.#end();
    if (this.#answer.isBegun) {
      this.#answer.cut();
      return;
    }
    if (endsConnection.has(code)) {
      this.#scope.distrust(this.request.socket);
      this.#answer.closeAfterwards();
    } else if (this.#scope.isClosing()) {
      this.#answer.closeAfterwards();
    }
    this.#answer.problem(code, this.#requestId, detail);
    if (!this.request.complete) this.#scope.linger(this.request);
  }

  /** Ends the exchange where its time is up. */
  expire(now: number): void {
    if (now < this.#deadline) return;
    switch (this.#phase) {
      case 'queued':
        this.refuse('upstream_busy');
        break;
      case 'sending':
        this.refuse(this.#upload?.isWaitingForClient ? 'request_timeout' : 'upstream_timeout');
        break;
      case 'answering':
        if (this.#stalledByClient) this.#abandon('client_stalled');
        else this.refuse('upstream_timeout');
        break;
      case 'connecting':
      case 'waiting':
        this.refuse('upstream_timeout');
        break;
      case 'routing':
      case 'over':
        break;
    }
  }

  /** Has the client's connection closed once this exchange is over. */
  closeAfterwards(): void {
    this.#answer.closeAfterwards();
  }

  onBusy(): void {
    this.refuse('upstream_busy');
  }

  onConnection(connection: UpstreamConnection): void {
    this.#connection = connection;
    this.#dispatch(connection);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#reused = this.#connection?.isReused ?? false;
    this.#connection?.countRequest();
    if (this.#arrival.expectsContinue) this.#answer.inviteBody();
    if (this.#upload === undefined) this.#enter('waiting', this.#scope.timeouts.headerMs);
    else this.#enter('sending', this.#scope.timeouts.idleMs);
  }

  onRequestSent(): void {
    if (this.#phase === 'sending') this.#enter('waiting', this.#scope.timeouts.headerMs);
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
    const raw = rawFields(controller.rawHeaders);
    const fields = readAnswerFields(raw);
    if (status < 200) {
      this.#answered = false;
      if (status > 101) this.#answer.interim(status, reason, fields.forward);
      return;
    }
    if (fields.unknownCoding) throw new TypeError('transfer coding');
    this.#upstreamMs = performance.now() - this.#started;
    this.#readsUntilClose = fields.untilClose;
    if (this.#scope.isClosing()) this.#answer.closeAfterwards();
    this.#answer.begin(status, reason, fields);
    this.#enter('answering', this.#scope.timeouts.idleMs);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#touch();
    const keepUp = this.#answer.write(chunk, () => {
      this.#stalledByClient = false;
      this.#touch();
      controller.resume();
    });
    if (keepUp) return;
    this.#stalledByClient = true;
    controller.pause();
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const broken = this.#readsUntilClose && (this.#connection?.wasReset ?? false);
    this.#releaseConnection();
    if (this.#phase === 'over') return;
    if (broken) {
      this.refuse('upstream_reset');
      return;
    }
    const raw = rawFields(controller.rawTrailers);
    this.#answer.end(raw.length === 0 ? [] : readTrailers(raw));
    this.#deadline = performance.now() + this.#scope.timeouts.idleMs;
    this.#stalledByClient = true;
    if (!this.request.complete) this.#scope.linger(this.request);
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    const begun = this.#controller !== undefined;
    this.#controller = undefined;
    if (this.#phase === 'over') {
      this.#releaseConnection();
      return;
    }
    if (this.#mayRepeat(error)) {
      this.#enter('connecting', this.#scope.timeouts.connectMs);
      // Not from inside undici, which is still closing the old connection.
      setImmediate(() => {
        if (this.#connection === undefined) return;
        if (this.#phase === 'over') this.#releaseConnection();
        else this.#dispatch(this.#connection);
      });
      return;
    }
    this.#releaseConnection();
    if (error instanceof UploadFault) {
      if (error.reason === 'client-gone') this.#abandon('client_gone');
      else this.refuse('body_too_large', bodyTooLarge(this.#scope.limits));
      return;
    }
    this.refuse(upstreamFault(error, begun));
  }

  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    upstream: Duplex,
  ): void {
    const { onUpgrade } = this.#arrival;
    const pool = this.#pool;
    this.#controller = undefined;
    this.#releaseConnection();
    if (this.#phase === 'over' || onUpgrade === undefined || pool === undefined) {
      upstream.destroy();
      return;
    }
    if (!pool.beginUpgrade()) {
      upstream.destroy();
      this.refuse('upstream_busy');
      return;
    }
    const { forward, upgrade } = readAnswerFields(rawFields(controller.rawHeaders));
    this.#upstreamMs = performance.now() - this.#started;
    const protocol = upgrade ?? this.#fields?.upgrade ?? '';
    this.#answer.status = status;
    this.#end();
    const closed: Upgrade['closed'] = (moved) => {
      pool.endUpgrade();
      this.#report(moved.in, moved.out);
    };
    onUpgrade({ status, fields: forward, protocol, upstream, closed });
  }

  #route(method: string): void {
    const decision = this.#scope.decide({
      method,
      path: this.#path,
      headers: this.request.rawHeaders,
    });
    this.#decision = decision;
    this.#pool = this.#scope.poolFor(decision.upstream);
    this.#enter('queued', this.#scope.timeouts.queueMs);
    this.#pool.acquire(this);
  }

  #dispatch(connection: UpstreamConnection): void {
    const fields = this.#fields;
    if (fields === undefined) return;
    this.#attempts += 1;
    this.#enter('connecting', this.#scope.timeouts.connectMs);
    if (fields.body !== 'none') {
      this.#upload = new Upload(this.request, this.#scope.limits.bodyBytes, () => {
        this.#touch();
      });
    }
    connection.dispatch(
      {
        method: this.request.method ?? '',
        path: this.request.url ?? '',
        headers: fields.forward,
        body: this.#upload ?? null,
        upgrade: this.#arrival.onUpgrade === undefined ? null : (fields.upgrade ?? null),
      },
      this,
    );
  }

  #mayRepeat(error: Error): boolean {
    return (
      this.#reused &&
      !this.#answered &&
      this.#attempts < maxAttempts &&
      this.#upload === undefined &&
      repeatable.has(this.request.method ?? '') &&
      isConnectionEnd(error)
    );
  }

  #onClientClosed(): void {
    if (!this.#answer.isFinished && this.#fault === '') this.#fault = 'client_gone';
    this.#end();
    this.#report(this.#upload?.bytes ?? 0, this.#answer.bytes);
  }

  /** Gives up without an answer, because there is nobody to take it. */
  #abandon(fault: string): void {
    this.#fault = fault;
    this.#end();
    this.#answer.cut();
  }

  /** Lets go of the upstream; what the client gets is up to the caller. */
  #end(): void {
    if (this.#phase === 'over') return;
    const phase = this.#phase;
    const controller = this.#controller;
    const connection = this.#connection;
    this.#phase = 'over';
    this.#deadline = Infinity;
    this.#upload?.destroy();
    if (phase === 'queued') this.#pool?.cancel(this);
    if (connection === undefined) return;
    const reason = new Error('the exchange is over');
    if (controller !== undefined) controller.abort(reason);
    else if (phase === 'connecting') connection.abandon(reason);
  }

  #releaseConnection(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#controller = undefined;
    if (connection !== undefined) this.#pool?.release(connection);
  }

  #enter(phase: Phase, milliseconds: number): void {
    this.#phase = phase;
    this.#deadline = performance.now() + milliseconds;
  }

  /** Something moved: the time for the next byte starts again. */
  #touch(): void {
    if (this.#phase === 'sending' || this.#phase === 'answering') {
      this.#deadline = performance.now() + this.#scope.timeouts.idleMs;
    }
  }

  #report(bytesIn: number, bytesOut: number): void {
    const { request } = this;
    if (this.#reported) return;
    this.#reported = true;
    this.#scope.ended(this, {
      requestId: this.#requestId,
      traceId: this.#fields === undefined ? '' : traceIdOf(this.#fields.traceparent),
      client: request.socket.remoteAddress ?? '',
      method: request.method ?? '',
      path: this.#path,
      route: this.#decision?.routeId ?? '',
      stage: this.#decision?.stage ?? '',
      upstream: this.#decision?.upstream.name ?? '',
      status: this.#answer.status,
      bytesIn,
      bytesOut,
      upstreamMs: this.#upstreamMs,
      totalMs: performance.now() - this.#started,
      attempts: this.#attempts,
      fault: this.#fault,
    });
  }
}

type RawFields = readonly (Buffer | string)[];

/** undici's type allows a parsed object too, which its HTTP/1.1 parser never gives. */
function rawFields(raw: Dispatcher.DispatchController['rawHeaders']): RawFields {
  return Array.isArray(raw) ? raw : [];
}
