import type { Circuit } from './domain/circuit.ts';

/**
 * A policy's own no: the called party had no part in it, so no breaker counts it as a failure, apart from a
 * time-out. Its fields are those of the service kit's errors: code, detail, retryable.
 */
export abstract class Rejection extends Error {
  abstract readonly code: string;
  /** Name of the policy. */
  readonly policy: string;
  /** Whether it makes sense to try again later. */
  readonly retryable: boolean = true;
  /** When to come back at the earliest; `undefined` where that is not known. Milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(policy: string, detail: string, retryAfterMs?: number, cause?: unknown) {
    super(detail, cause === undefined ? undefined : { cause });
    this.policy = policy;
    this.retryAfterMs = retryAfterMs;
  }

  get detail(): string {
    return this.message;
  }

  get retryAfterSeconds(): number | undefined {
    return this.retryAfterMs === undefined ? undefined : Math.ceil(this.retryAfterMs / 1000);
  }
}

/** The circuit lets no call through. */
export class CircuitOpen extends Rejection {
  readonly code = 'circuit_open';
  override readonly name = 'CircuitOpen';
  readonly state: Exclude<Circuit['kind'], 'closed'> | 'store-away';
  /** Until when it is open, on the wall clock, to be shown to people; `undefined` where nobody knows. */
  readonly until: Date | undefined;

  constructor(policy: string, state: CircuitOpen['state'], retryAfterMs: number | undefined) {
    super(policy, `${policy}: ${circuitText(state, retryAfterMs)}`, retryAfterMs);
    this.state = state;
    this.until = retryAfterMs === undefined ? undefined : new Date(Date.now() + retryAfterMs);
  }
}

function circuitText(state: CircuitOpen['state'], retryAfterMs: number | undefined): string {
  switch (state) {
    case 'open':
      return `the circuit is open for another ${Math.ceil(retryAfterMs ?? 0)} ms`;
    case 'half-open':
      return 'the circuit is half-open and its probes are under way';
    case 'isolated':
      return 'the circuit was isolated by hand, until somebody resets it';
    case 'store-away':
      return 'the shared state of the circuit cannot be reached, and nothing may pass without it';
  }
}

/** The work took longer than it may. */
export class TimeoutExceeded extends Rejection {
  readonly code = 'timeout_exceeded';
  override readonly name = 'TimeoutExceeded';
  readonly afterMs: number;

  constructor(policy: string, afterMs: number, cause?: unknown) {
    super(policy, `${policy}: no result within ${afterMs} ms`, undefined, cause);
    this.afterMs = afterMs;
  }
}

/** All places are taken, and so is the queue; or the time in the queue is over. */
export class BulkheadFull extends Rejection {
  readonly code = 'bulkhead_full';
  override readonly name = 'BulkheadFull';
  readonly because: 'queue-full' | 'queue-time-over';

  constructor(policy: string, because: BulkheadFull['because']) {
    const text =
      because === 'queue-full'
        ? 'all places and the queue are taken'
        : 'no place became free in time';
    super(policy, `${policy}: ${text}`);
    this.because = because;
  }
}

/** Tokens would be there only after a longer wait than was allowed. None was spent. */
export class TokensShort extends Rejection {
  readonly code = 'tokens_short';
  override readonly name = 'TokensShort';
  readonly because: 'wait-too-long' | 'store-away';

  constructor(policy: string, because: TokensShort['because'], retryAfterMs?: number) {
    const text =
      because === 'wait-too-long'
        ? `tokens will be there in ${Math.ceil(retryAfterMs ?? 0)} ms, which is longer than allowed`
        : 'the shared bucket cannot be reached, and nothing may pass without it';
    super(policy, `${policy}: ${text}`, retryAfterMs);
    this.because = because;
  }
}
