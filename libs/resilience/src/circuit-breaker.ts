import type {
  Admission,
  CircuitGate,
  GateChange,
  GateOptions,
  GateView,
  ProbeTicket,
} from './circuit-gate.ts';
import { type Clock, systemClock } from './clock.ts';
import {
  begin,
  callOf,
  type CallOptions,
  type LiveCall,
  type Policy,
  rejected,
  type Work,
} from './call.ts';
import type { CircuitRules, Verdict } from './domain/circuit.ts';
import { checkOpenTime, type OpenTime } from './domain/open-time.ts';
import { OptionFaults } from './domain/option-faults.ts';
import type { Trip, TripStrategy } from './domain/trip/strategy.ts';
import { type Listener, tell } from './events.ts';
import { createLocalGate } from './local-gate.ts';
import { CircuitOpen, Rejection, TimeoutExceeded } from './rejections.ts';

/** How a call ended. */
export type CallOutcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: unknown };

/** Times in milliseconds. */
export type CircuitBreakerOptions = {
  /** Names the circuit in errors, events, metrics and, where it is shared, in the store. */
  readonly name: string;
  /** When it opens: `consecutiveFailures`, `countWindow`, `timeWindow`, `slowCalls`, or `anyOf` of them. */
  readonly trip: Trip;
  /** How long it stays open. Default 30000. */
  readonly openMs?: OpenTime;
  /** Probes under way at once while it is half-open, over all instances. Default 1. */
  readonly probes?: number;
  /** Successful probes that close it. Default 1. */
  readonly successes?: number;
  /** A probe that takes longer has failed. Default 30000. */
  readonly probeTimeoutMs?: number;
  /** What counts as what. Default `judgeByError`. Calls that their caller gives up are never asked about. */
  readonly judge?: (outcome: CallOutcome) => Verdict;
  /** Shares the circuit with the other instances (`createSharedCircuits`). Default: this process alone. */
  readonly shared?: { readonly gate: (options: GateOptions) => CircuitGate };
  /** How many instances have to want a shared circuit open. Default 1. */
  readonly quorum?: number;
  /** How long an instance's wish to open counts towards the quorum. Default 60000. */
  readonly voteMs?: number;
  readonly on?: Listener;
  readonly clock?: Clock;
};

export interface CircuitBreaker extends Policy {
  readonly name: string;
  readonly view: () => GateView;
  /** Lets nothing through until `reset`, also over restarts where the circuit is shared. */
  readonly isolate: (why: string) => Promise<void>;
  /** Closes it, whatever it was, and forgets what was counted. */
  readonly reset: () => Promise<void>;
}

/** Values are successes, errors failures; a policy's own no is neither, apart from a time-out. */
export const judgeByError = (outcome: CallOutcome): Verdict => {
  if (outcome.kind === 'value') return 'success';
  const { error } = outcome;
  return error instanceof Rejection && !(error instanceof TimeoutExceeded) ? 'ignored' : 'failure';
};

/**
 * Stops calling what fails, and looks now and then whether it is well again.
 *
 * @throws RangeError that names every option out of its range
 */
export function createCircuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  return new Breaker(options, rulesOf(options));
}

function rulesOf(options: CircuitBreakerOptions): CircuitRules {
  const { openMs = 30_000, probes = 1, successes = 1, probeTimeoutMs = 30_000 } = options;
  const { quorum = 1, voteMs = 60_000 } = options;
  const faults = new OptionFaults();
  if (options.name === '') faults.wrong('name should not be empty');
  checkOpenTime(faults, openMs);
  faults
    .integer('probes', probes, 1, 1000)
    .integer('successes', successes, 1, 1000)
    .number('probeTimeoutMs', probeTimeoutMs, 1)
    .integer('quorum', quorum, 1, 1000)
    .number('voteMs', voteMs, 1);
  if (quorum > 1 && options.shared === undefined)
    faults.wrong('quorum should be 1 for a circuit that is not shared: say with whom (`shared`)');
  faults.settle(`circuit breaker ${options.name}`);
  return { openTime: openMs, probes, successes, probeTimeoutMs, quorum, voteMs };
}

class Breaker implements CircuitBreaker {
  readonly name: string;
  readonly #strategy: TripStrategy;
  readonly #timed: boolean;
  readonly #judge: ((outcome: CallOutcome) => Verdict) | undefined;
  readonly #clock: Clock;
  readonly #on: Listener | undefined;
  readonly #gate: CircuitGate;
  /** Calls may pass without asking: all that a call looks at while the circuit is closed. */
  #passes = true;
  /** Grows whenever the circuit has changed; an outcome from an earlier one is not recorded. */
  #generation = 0;

  constructor(options: CircuitBreakerOptions, rules: CircuitRules) {
    this.name = options.name;
    this.#strategy = options.trip();
    this.#timed = this.#strategy.timed;
    this.#judge = options.judge;
    this.#clock = options.clock ?? systemClock;
    this.#on = options.on;
    const gateOptions: GateOptions = {
      name: options.name,
      rules,
      onChange: (passes, change) => this.#changed(passes, change),
    };
    tell(this.#on, { type: 'circuit-made', policy: options.name });
    this.#gate =
      options.shared?.gate(gateOptions) ?? createLocalGate({ ...gateOptions, clock: this.#clock });
  }

  view(): GateView {
    return this.#gate.view();
  }

  isolate(why: string): Promise<void> {
    return this.#gate.isolate(why);
  }

  reset(): Promise<void> {
    return this.#gate.reset();
  }

  execute<T>(work: Work<T>, options?: CallOptions): Promise<T> {
    const call = callOf(options);
    return this.#passes ? this.#pass(work, call) : this.#ask(work, call);
  }

  /** The way of nearly all calls: a promise and two functions, and no look at the clock that is not needed. */
  #pass<T>(work: Work<T>, call: LiveCall): Promise<T> {
    const generation = this.#generation;
    const began = this.#timed ? this.#clock.now() : 0;
    return begin(work, call).then(
      (value) => {
        if (generation === this.#generation) this.#succeeded(value, began);
        return value;
      },
      (error: unknown) => {
        if (generation === this.#generation) this.#failed(error, began, call);
        throw error;
      },
    );
  }

  #succeeded(value: unknown, began: number): void {
    if (this.#judge === undefined) this.#record(false, began);
    else this.#recordVerdict(this.#judge({ kind: 'value', value }), began);
  }

  #failed(error: unknown, began: number, call: LiveCall): void {
    this.#recordVerdict(this.#verdict({ kind: 'error', error }, call), began);
  }

  #recordVerdict(verdict: Verdict, began: number): void {
    if (verdict !== 'ignored') this.#record(verdict === 'failure', began);
  }

  #record(failed: boolean, began: number): void {
    const now = this.#timed ? this.#clock.now() : 0;
    const reason = this.#strategy.record(failed, now - began, now);
    if (reason !== undefined) this.#gate.trip(reason);
  }

  #verdict(outcome: CallOutcome, call: LiveCall): Verdict {
    // Its caller lost interest: that says nothing about the called party. A time-out around the breaker does.
    if (outcome.kind === 'error' && call.aborted && !(call.reason instanceof TimeoutExceeded))
      return 'ignored';
    return (this.#judge ?? judgeByError)(outcome);
  }

  #ask<T>(work: Work<T>, call: LiveCall): Promise<T> {
    if (call.aborted) return rejected(call.reason);
    const admission = this.#gate.ask();
    return admission instanceof Promise
      ? admission.then((late) => this.#enter(late, work, call))
      : this.#enter(admission, work, call);
  }

  #enter<T>(admission: Admission, work: Work<T>, call: LiveCall): Promise<T> {
    switch (admission.kind) {
      case 'pass':
        return this.#pass(work, call);
      case 'probe':
        return this.#probe(work, call, admission.ticket);
      case 'refused': {
        const { state, retryAfterMs } = admission;
        tell(this.#on, { type: 'circuit-rejected', policy: this.name, state });
        return Promise.reject(new CircuitOpen(this.name, state, retryAfterMs));
      }
    }
  }

  #probe<T>(work: Work<T>, call: LiveCall, ticket: ProbeTicket): Promise<T> {
    return begin(work, call).then(
      (value) => {
        this.#gate.answer(ticket, this.#judge?.({ kind: 'value', value }) ?? 'success');
        return value;
      },
      (error: unknown) => {
        this.#gate.answer(ticket, this.#verdict({ kind: 'error', error }, call));
        throw error;
      },
    );
  }

  #changed(passes: boolean, change: GateChange | undefined): void {
    this.#passes = passes;
    this.#generation += 1;
    this.#strategy.reset();
    if (change === undefined) return;
    const { scope, from, to } = change;
    tell(this.#on, {
      type: 'circuit-changed',
      policy: this.name,
      from: from.kind,
      to: to.kind,
      generation: to.generation,
      scope,
      ...(to.kind === 'open'
        ? { reason: to.reason, openForMs: Math.round(to.until - to.since) }
        : {}),
      ...(to.kind === 'isolated' ? { why: to.why } : {}),
    });
  }
}
