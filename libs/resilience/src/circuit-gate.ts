import type { Circuit, CircuitRules, OpenReason, Verdict } from './domain/circuit.ts';
import type { TripReason } from './domain/trip/strategy.ts';
import type { CircuitOpen } from './rejections.ts';

/** A probe that was admitted, and in which generation. */
export type ProbeTicket = {
  readonly scope: 'local' | 'shared';
  readonly id: string;
  readonly generation: number;
};

export type Admission =
  /** It has closed meanwhile. */
  | { readonly kind: 'pass' }
  | { readonly kind: 'probe'; readonly ticket: ProbeTicket }
  | {
      readonly kind: 'refused';
      readonly state: CircuitOpen['state'];
      readonly retryAfterMs?: number;
    };

/** A circuit as it is shown: times left, not moments on some clock. Milliseconds. */
export type CircuitView =
  | { readonly kind: 'closed'; readonly votes: number }
  | {
      readonly kind: 'open';
      /** 0 when the next call may probe. */
      readonly forMs: number;
      readonly opens: number;
      readonly reason: OpenReason;
    }
  | {
      readonly kind: 'half-open';
      readonly probes: number;
      readonly successes: number;
      readonly opens: number;
    }
  | { readonly kind: 'isolated'; readonly why: string };

export type GateView = CircuitView & {
  readonly scope: 'local' | 'shared';
  readonly generation: number;
  /** Only with a store: whether it answers. */
  readonly store?: 'reachable' | 'away';
};

/** Keeps the state of one circuit, for this process alone or together with others. */
export interface CircuitGate {
  readonly view: () => GateView;
  /** Asked for each call while the gate is not open to all. */
  readonly ask: () => Admission | Promise<Admission>;
  readonly answer: (ticket: ProbeTicket, verdict: Verdict) => void;
  /** The strategy wants the circuit open. */
  readonly trip: (reason: TripReason) => void;
  readonly isolate: (why: string) => Promise<void>;
  readonly reset: () => Promise<void>;
}

/**
 * Told whenever the state has changed: whether calls may pass without asking, and what is to be reported about it.
 */
export type OnGateChange = (passes: boolean, change: GateChange | undefined) => void;
export type GateChange = {
  readonly scope: 'local' | 'shared';
  readonly from: Circuit;
  readonly to: Circuit;
};

export type GateOptions = {
  readonly name: string;
  readonly rules: CircuitRules;
  readonly onChange: OnGateChange;
};

/** @param now on the clock of the circuit's times */
export function viewOf(circuit: Circuit, now: number): CircuitView {
  switch (circuit.kind) {
    case 'closed':
      return { kind: 'closed', votes: circuit.votes.filter(({ until }) => until > now).length };
    case 'open': {
      const { until, opens, reason } = circuit;
      return { kind: 'open', forMs: Math.max(0, until - now), opens, reason };
    }
    case 'half-open': {
      const { probes, successes, opens } = circuit;
      return { kind: 'half-open', probes: probes.length, successes, opens };
    }
    case 'isolated':
      return { kind: 'isolated', why: circuit.why };
  }
}

/** What a circuit that has just been asked for a probe says to the call that asked. */
export function admissionOf(
  circuit: Circuit,
  id: string,
  now: number,
  scope: 'local' | 'shared',
): Admission {
  switch (circuit.kind) {
    case 'closed':
      return { kind: 'pass' };
    case 'open':
      return { kind: 'refused', state: 'open', retryAfterMs: Math.max(0, circuit.until - now) };
    case 'isolated':
      return { kind: 'refused', state: 'isolated' };
    case 'half-open':
      return circuit.probes.some((probe) => probe.id === id)
        ? { kind: 'probe', ticket: { scope, id, generation: circuit.generation } }
        : { kind: 'refused', state: 'half-open' };
  }
}
