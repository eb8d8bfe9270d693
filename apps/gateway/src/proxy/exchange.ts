import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { AccessRecord } from './access-log.ts';
import type { AnswerFields } from './answer-fields.ts';
import { Answer } from './answer.ts';
import { traceIdOf } from './correlation.ts';
import { addressOf } from './client-address.ts';
import type { Placed } from './in-flight.ts';
import type { ProblemCode } from './problems.ts';
import { readRequestFields, type RequestFields } from './request-fields.ts';
import type { DecideRoute, RouteDecision } from './route-decision.ts';
import type { FacadeSettings } from './settings.ts';
import { UpstreamCall, type Caller, type CallFault } from './upstream-call.ts';
import type { UpstreamPool } from './upstream-pool.ts';

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

/** After these it is doubtful where the next request begins, so nothing more is read. */
const endsConnection = new Set<ProblemCode>([
  'request_rejected',
  'target_rejected',
  'transfer_coding_unsupported',
  'version_unsupported',
]);

/** One request and its answer, from the client's first byte to the last. */
export class Exchange implements Caller, Placed {
  place = -1;
  readonly request: IncomingMessage;
  readonly #client: string;
  readonly #scope: ExchangeScope;
  readonly #arrival: Arrival;
  readonly #answer: Answer;
  readonly #started = performance.now();
  #path = '';
  #requestId = '';
  #fields: RequestFields | undefined;
  #decision: RouteDecision | undefined;
  #pool: UpstreamPool | undefined;
  #call: UpstreamCall | undefined;
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
    this.#client = addressOf(request.socket);
    this.#scope = scope;
    this.#arrival = arrival;
    this.#answer = new Answer(request, response);
    const closed = () => {
      this.#onClosed();
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
        address: this.#client,
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
      this.#route(fields);
    }
  }

  /** The facade's own answer instead of the upstream's; a broken one where that has begun. */
  refuse(code: ProblemCode, detail?: string): void {
    if (this.#fault !== '') return;
    this.#fault = code;
    this.#call?.abandon();
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

  /** To be called at every tick: ends the exchange where its time is up. */
  tick(): void {
    this.#call?.tick();
  }

  /** Has the client's connection closed once this exchange is over. */
  closeAfterwards(): void {
    this.#answer.closeAfterwards();
  }

  onBegun(): void {
    if (this.#arrival.expectsContinue) this.#answer.inviteBody();
  }

  onInterim(status: number, reason: string, fields: AnswerFields): void {
    this.#answer.interim(status, reason, fields.forward);
  }

  onHead(status: number, reason: string, fields: AnswerFields): void {
    this.#upstreamMs = performance.now() - this.#started;
    if (this.#scope.isClosing()) this.#answer.closeAfterwards();
    this.#answer.begin(status, reason, fields);
  }

  onBody(chunk: Buffer, resume: () => void): boolean {
    return this.#answer.write(chunk, resume);
  }

  unsent(): number {
    return this.#answer.unsent;
  }

  onEnd(trailers: readonly [string, string][]): void {
    this.#answer.end(trailers);
    if (!this.request.complete) this.#scope.linger(this.request);
  }

  onUpgrade(status: number, fields: AnswerFields, upstream: Duplex): void {
    const { onUpgrade } = this.#arrival;
    const pool = this.#pool;
    if (onUpgrade === undefined || pool?.beginUpgrade() !== true) {
      upstream.destroy();
      this.refuse('upstream_busy');
      return;
    }
    this.#upstreamMs = performance.now() - this.#started;
    this.#answer.status = status;
    const protocol = fields.upgrade ?? this.#fields?.upgrade ?? '';
    const closed: Upgrade['closed'] = (moved) => {
      pool.endUpgrade();
      this.#report(moved.in, moved.out);
    };
    onUpgrade({ status, fields: fields.forward, protocol, upstream, closed });
  }

  onFault(fault: CallFault, detail?: string): void {
    if (fault !== 'client_gone' && fault !== 'client_stalled') {
      this.refuse(fault, detail);
      return;
    }
    // Nobody is there to take an answer.
    if (this.#fault === '') this.#fault = fault;
    this.#answer.cut();
  }

  #route(fields: RequestFields): void {
    const { request } = this;
    const method = request.method ?? '';
    const decision = this.#scope.decide({ method, path: this.#path, headers: request.rawHeaders });
    this.#decision = decision;
    this.#pool = this.#scope.poolFor(decision.upstream);
    const asksForUpgrade = this.#arrival.onUpgrade !== undefined;
    this.#call = new UpstreamCall(request, fields, asksForUpgrade, this.#pool, this.#scope, this);
    this.#call.start();
  }

  #onClosed(): void {
    if (!this.#answer.isFinished && this.#fault === '') this.#fault = 'client_gone';
    this.#call?.abandon();
    this.#report(this.#call?.uploaded ?? 0, this.#answer.bytes);
  }

  #report(bytesIn: number, bytesOut: number): void {
    if (this.#reported) return;
    this.#reported = true;
    const { request } = this;
    this.#scope.ended(this, {
      requestId: this.#requestId,
      traceId: this.#fields === undefined ? '' : traceIdOf(this.#fields.traceparent),
      client: this.#client,
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
      attempts: this.#call?.attempts ?? 0,
      fault: this.#fault,
    });
  }
}
