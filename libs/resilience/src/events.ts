import type { Circuit, OpenReason } from './domain/circuit.ts';

/** What the policies report. Each names the policy that it comes from; times in milliseconds. */
export type ResilienceEvent =
  /** A circuit breaker was made; its circuit is closed as far as is known. */
  | { readonly type: 'circuit-made'; readonly policy: string }
  | CircuitChanged
  | { readonly type: 'circuit-rejected'; readonly policy: string; readonly state: string }
  | RetryScheduled
  | RetryEnded
  | {
      readonly type: 'timeout-exceeded';
      readonly policy: string;
      readonly afterMs: number;
      readonly mode: 'cooperative' | 'hard';
    }
  | {
      readonly type: 'bulkhead-rejected';
      readonly policy: string;
      readonly because: 'queue-full' | 'queue-time-over';
    }
  | { readonly type: 'bulkhead-waited'; readonly policy: string; readonly waitedMs: number }
  | TokensShortEvent
  | {
      readonly type: 'tokens-waited';
      readonly policy: string;
      readonly tokens: number;
      readonly waitedMs: number;
    }
  | { readonly type: 'tokens-penalised'; readonly policy: string; readonly forMs: number }
  | { readonly type: 'fallback-used'; readonly policy: string; readonly error: unknown }
  | { readonly type: 'hedge-started'; readonly policy: string; readonly afterMs: number }
  | StoreAway
  | { readonly type: 'store-back'; readonly policy: string; readonly awayMs: number }
  | DeliveryEnded
  | {
      readonly type: 'delivery-switched';
      readonly policy: string;
      readonly to: 'paused' | 'running';
      readonly why: string;
    };

export type CircuitChanged = {
  readonly type: 'circuit-changed';
  readonly policy: string;
  readonly from: Circuit['kind'];
  readonly to: Circuit['kind'];
  readonly generation: number;
  /** Whose circuit: this process's own, or the one of all instances. */
  readonly scope: 'local' | 'shared';
  /** Why it opened, with the counts. */
  readonly reason?: OpenReason;
  readonly openForMs?: number;
  /** What the person said who isolated it. */
  readonly why?: string;
};

export type RetryScheduled = {
  readonly type: 'retry-scheduled';
  readonly policy: string;
  /** The one that will be made: 2 for the first retry. */
  readonly attempt: number;
  readonly waitMs: number;
  readonly error: unknown;
};

export type RetryEnded = {
  readonly type: 'retry-ended';
  readonly policy: string;
  /** Attempts that were made. */
  readonly attempts: number;
  readonly because:
    | 'attempts-used-up'
    | 'budget-spent'
    | 'not-repeatable'
    | 'not-retryable'
    | 'retry-after-too-long'
    | 'cancelled';
  readonly error: unknown;
};

export type TokensShortEvent = {
  readonly type: 'tokens-short';
  readonly policy: string;
  readonly tokens: number;
  readonly because: 'wait-too-long' | 'store-away';
  readonly retryAfterMs?: number;
};

export type StoreAway = {
  readonly type: 'store-away';
  readonly policy: string;
  /** What applies until it is back. */
  readonly applies: 'fail-open' | 'fail-closed' | 'local';
  readonly error: unknown;
};

export type DeliveryEnded = {
  readonly type: 'delivery-ended';
  readonly policy: string;
  readonly id: string;
  readonly outcome: 'delivered' | 'failed' | 'dead';
  readonly attempts: number;
  /** When it is tried again. */
  readonly inMs?: number;
  readonly error?: unknown;
};

export type Listener = (event: ResilienceEvent) => void;

/** Tells the listener; one that throws must not break the call that it is told about. */
export function tell(listener: Listener | undefined, event: ResilienceEvent): void {
  try {
    listener?.(event);
  } catch (error) {
    process.emitWarning(`A listener for ${event.type} of ${event.policy} failed: ${String(error)}`);
  }
}
