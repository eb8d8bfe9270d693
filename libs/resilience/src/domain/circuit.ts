import { type OpenTime, openTimeMs } from './open-time.ts';
import type { TripReason } from './trip/strategy.ts';

/** Why a circuit is open. */
export type OpenReason =
  | TripReason
  | { readonly rule: 'probe-failed'; readonly by: string }
  | { readonly rule: 'probe-silent'; readonly by: string };

/** An instance that wants the circuit open, as long as nobody else does. */
export type Vote = { readonly by: string; readonly until: number };

/** A call that is let through a half-open circuit. It has failed when it has not ended by `until`. */
export type Probe = { readonly id: string; readonly by: string; readonly until: number };

/**
 * The state of a circuit. `generation` grows with each change of state, so that what was admitted under one state
 * can be told from what was admitted under the next. Times are milliseconds on the clock of whoever keeps it.
 */
export type Circuit =
  | { readonly kind: 'closed'; readonly generation: number; readonly votes: readonly Vote[] }
  | {
      readonly kind: 'open';
      readonly generation: number;
      readonly since: number;
      readonly until: number;
      /** How often in a row, without having closed in between. */
      readonly opens: number;
      readonly reason: OpenReason;
    }
  | {
      readonly kind: 'half-open';
      readonly generation: number;
      readonly since: number;
      readonly opens: number;
      readonly probes: readonly Probe[];
      readonly successes: number;
    }
  | {
      readonly kind: 'isolated';
      readonly generation: number;
      readonly since: number;
      readonly why: string;
    };

export type CircuitRules = {
  readonly openTime: OpenTime;
  /** Probes under way at once, over all instances. */
  readonly probes: number;
  /** Successful probes that close the circuit. */
  readonly successes: number;
  readonly probeTimeoutMs: number;
  /** How many instances have to want it open. */
  readonly quorum: number;
  /** How long such a vote counts. */
  readonly voteMs: number;
};

export const initialCircuit: Circuit = { kind: 'closed', generation: 0, votes: [] };

/** An instance has seen enough. What it saw belongs to a generation; if that is over, nothing happens. */
export function trip(
  circuit: Circuit,
  command: { readonly generation: number; readonly by: string; readonly reason: TripReason },
  rules: CircuitRules,
  now: number,
): Circuit {
  if (circuit.kind !== 'closed' || circuit.generation !== command.generation) return circuit;
  const others = circuit.votes.filter(({ by, until }) => by !== command.by && until > now);
  if (others.length + 1 >= rules.quorum)
    return open(circuit.generation, 1, command.reason, rules, now);
  return { ...circuit, votes: [...others, { by: command.by, until: now + rules.voteMs }] };
}

/** Lets a probe through where there is room for one. Whether it did is told by the probe being there. */
export function admitProbe(
  circuit: Circuit,
  probe: { readonly id: string; readonly by: string },
  rules: CircuitRules,
  now: number,
): Circuit {
  const current = noteSilence(circuit, rules, now);
  if (current.kind === 'open') {
    if (current.until > now) return current;
    const { generation, opens } = current;
    const halfOpen = { generation: generation + 1, since: now, opens, successes: 0 };
    return { kind: 'half-open', ...halfOpen, probes: [admitted(probe, rules, now)] };
  }
  if (current.kind !== 'half-open' || current.probes.length >= rules.probes) return current;
  return { ...current, probes: [...current.probes, admitted(probe, rules, now)] };
}

/** A probe that was cut off by its caller says nothing and only makes room. */
export type Verdict = 'success' | 'failure' | 'ignored';

/** What a probe found out. An answer that belongs to an earlier generation, or came too late, changes nothing. */
export function answerProbe(
  circuit: Circuit,
  answer: { readonly id: string; readonly generation: number; readonly verdict: Verdict },
  rules: CircuitRules,
  now: number,
): Circuit {
  const current = noteSilence(circuit, rules, now);
  if (current.kind !== 'half-open' || current.generation !== answer.generation) return current;
  const probe = current.probes.find(({ id }) => id === answer.id);
  if (probe === undefined) return current;
  if (answer.verdict === 'failure') {
    const reason = { rule: 'probe-failed', by: probe.by } as const;
    return open(current.generation, current.opens + 1, reason, rules, now);
  }
  const probes = current.probes.filter((other) => other !== probe);
  if (answer.verdict === 'ignored') return { ...current, probes };
  const successes = current.successes + 1;
  if (successes < rules.successes) return { ...current, probes, successes };
  return { kind: 'closed', generation: current.generation + 1, votes: [] };
}

/**
 * A probe that has not ended in its time has failed, at that time, whenever it is noticed: nobody has to watch it,
 * and one whose process was killed holds nothing up.
 */
export function noteSilence(circuit: Circuit, rules: CircuitRules, now: number): Circuit {
  if (circuit.kind !== 'half-open') return circuit;
  let silent: Probe | undefined;
  for (const probe of circuit.probes)
    if (probe.until <= now && (silent === undefined || probe.until < silent.until)) silent = probe;
  if (silent === undefined) return circuit;
  const reason = { rule: 'probe-silent', by: silent.by } as const;
  return open(circuit.generation, circuit.opens + 1, reason, rules, silent.until);
}

/** Nothing passes until `reset`. */
export function isolate(circuit: Circuit, why: string, now: number): Circuit {
  if (circuit.kind === 'isolated') return circuit;
  return { kind: 'isolated', generation: circuit.generation + 1, since: now, why };
}

/** Closes the circuit, whatever it was, and forgets what was counted. */
export const reset = (circuit: Circuit): Circuit => ({
  kind: 'closed',
  generation: circuit.generation + 1,
  votes: [],
});

function open(
  generation: number,
  opens: number,
  reason: OpenReason,
  rules: CircuitRules,
  now: number,
): Circuit {
  const until = now + openTimeMs(rules.openTime, opens);
  return { kind: 'open', generation: generation + 1, since: now, until, opens, reason };
}

const admitted = (
  { id, by }: { readonly id: string; readonly by: string },
  rules: CircuitRules,
  now: number,
): Probe => ({ id, by, until: now + rules.probeTimeoutMs });
