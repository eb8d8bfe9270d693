import { randomUUID } from 'node:crypto';

import type {
  Admission,
  CircuitGate,
  GateChange,
  GateOptions,
  GateView,
  ProbeTicket,
} from './circuit-gate.ts';
import { admissionOf, viewOf } from './circuit-gate.ts';
import {
  admitProbe,
  answerProbe,
  initialCircuit,
  isolate,
  noteSilence,
  reset,
  trip,
  type Verdict,
} from './domain/circuit.ts';
import type { TripReason } from './domain/trip/strategy.ts';
import { createLocalGate, type LocalGate } from './local-gate.ts';
import type { Decide, SharedState, Sharing } from './shared-circuits.ts';

export type SharedGate = CircuitGate & {
  /** Takes over what the store has, where that is newer. */
  readonly accept: (state: SharedState) => void;
  readonly storeLost: () => void;
  readonly storeAnswered: (wasAway: boolean) => void;
  /** Resolves when nothing is on its way to the store. */
  readonly settled: () => Promise<unknown>;
};

/** What could not be said to the store while it was away; older things are out of date by then. */
const MOST_UNSENT = 20;

export const createSharedGate = (options: GateOptions, sharing: Sharing): SharedGate =>
  new Gate(options, sharing);

/**
 * Two circuits in one. The shared one decides whenever it is not closed; below it is one of this process alone, which
 * opens at once when this instance has seen enough, and which goes on where the store is away or a quorum is missing.
 */
class Gate implements SharedGate {
  readonly #options: GateOptions;
  readonly #sharing: Sharing;
  readonly #local: LocalGate;
  readonly #sending = new Set<Promise<unknown>>();
  #shared: SharedState = { version: 0, circuit: initialCircuit, aheadMs: 0 };
  #unsent: Decide[] = [];
  #asking = 0;
  /** A change that is reported when the store does not confirm it. */
  #unreported: GateChange | undefined;

  constructor(options: GateOptions, sharing: Sharing) {
    this.#options = options;
    this.#sharing = sharing;
    this.#local = createLocalGate({
      ...options,
      clock: sharing.clock,
      onChange: (_passes, change) => {
        // Alone it takes one vote to open: the shared circuit will say the same in a moment.
        const echo = options.rules.quorum === 1 && !sharing.away();
        this.#unreported = echo ? change : undefined;
        options.onChange(this.#passes(), echo ? undefined : change);
      },
    });
  }

  /** Which of the two decides now. */
  #rule(): 'shared' | 'local' | 'fail-open' | 'fail-closed' {
    const { kind } = this.#shared.circuit;
    if (kind === 'isolated') return 'shared';
    if (this.#sharing.away()) return this.#sharing.whenAway;
    return kind === 'closed' ? 'local' : 'shared';
  }

  #passes(): boolean {
    const rule = this.#rule();
    return rule === 'fail-open' || (rule === 'local' && this.#local.circuit().kind === 'closed');
  }

  view(): GateView {
    const store = this.#sharing.away() ? 'away' : 'reachable';
    if (this.#rule() === 'local') return { ...this.#local.view(), store };
    const { circuit } = this.#shared;
    return {
      ...viewOf(circuit, this.#storeNow()),
      ...{ scope: 'shared', generation: circuit.generation, store },
    };
  }

  ask(): Admission | Promise<Admission> {
    switch (this.#rule()) {
      case 'fail-open':
        return { kind: 'pass' };
      case 'fail-closed':
        return { kind: 'refused', state: 'store-away' };
      case 'local':
        return this.#local.ask();
      case 'shared':
        return this.#askShared();
    }
  }

  answer(ticket: ProbeTicket, verdict: Verdict): void {
    if (ticket.scope === 'local') this.#local.answer(ticket, verdict);
    else
      this.#send((circuit, now) =>
        answerProbe(circuit, { ...ticket, verdict }, this.#options.rules, now),
      );
  }

  trip(reason: TripReason): void {
    if (this.#rule() !== 'local') return;
    this.#local.trip(reason);
    const { generation } = this.#shared.circuit;
    const by = this.#sharing.instance;
    this.#send((circuit, now) =>
      trip(circuit, { generation, by, reason }, this.#options.rules, now),
    );
  }

  async isolate(why: string): Promise<void> {
    this.accept(await this.#change((circuit, now) => isolate(circuit, why, now)));
  }

  async reset(): Promise<void> {
    this.#local.adopt({ ...initialCircuit, generation: this.#local.circuit().generation + 1 });
    this.accept(await this.#change(reset));
  }

  accept(state: SharedState): void {
    const known = this.#shared;
    // An answer that was slow on its way tells of the past.
    if (state.version < known.version) return;
    this.#shared = state;
    const from = known.circuit;
    const to = state.circuit;
    if (to.generation === from.generation) return;
    this.#unreported = undefined;
    // What this process found out belongs to the state that is over.
    this.#local.adopt({ ...initialCircuit, generation: this.#local.circuit().generation + 1 });
    const joined = known.version === 0 && to.kind === 'closed';
    this.#options.onChange(this.#passes(), joined ? undefined : { scope: 'shared', from, to });
  }

  storeLost(): void {
    if (this.#sharing.whenAway === 'local') this.#goOnAlone();
    this.#options.onChange(this.#passes(), this.#unreported);
    this.#unreported = undefined;
  }

  storeAnswered(wasAway: boolean): void {
    if (wasAway) this.#options.onChange(this.#passes(), undefined);
    const unsent = this.#unsent;
    this.#unsent = [];
    for (const decide of unsent) this.#send(decide);
    this.#tellOfSilence();
  }

  settled(): Promise<unknown> {
    return Promise.allSettled(this.#sending);
  }

  /** The store's time, as this process knows it. */
  #storeNow(): number {
    return this.#sharing.clock.now() - this.#shared.aheadMs;
  }

  /** Whether to ask the store is seen here: while nothing can be had, nobody is asked. */
  #askShared(): Admission | Promise<Admission> {
    const { rules } = this.#options;
    const now = this.#storeNow();
    const seen = noteSilence(this.#shared.circuit, rules, now);
    const full = seen.kind === 'half-open' && seen.probes.length >= rules.probes;
    const early = seen.kind === 'open' && seen.until > now;
    if (full || early || seen.kind === 'isolated') return admissionOf(seen, '', now, 'shared');
    // Those who ask at the same time would only be told that another one of them was first.
    if (this.#asking >= rules.probes) return { kind: 'refused', state: 'half-open' };
    return this.#askStore(seen !== this.#shared.circuit);
  }

  async #askStore(silent: boolean): Promise<Admission> {
    const { rules } = this.#options;
    const probe = { id: randomUUID(), by: this.#sharing.instance };
    this.#asking += 1;
    try {
      // A step of its own, so that all see the silence of a probe, even where the next one follows at once.
      if (silent)
        this.accept(await this.#change((circuit, now) => noteSilence(circuit, rules, now)));
      this.accept(await this.#change((circuit, now) => admitProbe(circuit, probe, rules, now)));
      return admissionOf(this.#shared.circuit, probe.id, this.#storeNow(), 'shared');
    } catch {
      // The poll finds out whether the store is away, and then its rule applies.
      return this.#sharing.away() && this.#rule() !== 'shared'
        ? await this.ask()
        : { kind: 'refused', state: 'store-away' };
    } finally {
      this.#asking -= 1;
    }
  }

  /** Calls are refused by what is seen here; that all others see it too takes somebody who says it. */
  #tellOfSilence(): void {
    const { rules } = this.#options;
    const { circuit } = this.#shared;
    if (noteSilence(circuit, rules, this.#storeNow()) !== circuit)
      this.#send((current, now) => noteSilence(current, rules, now));
  }

  #change(decide: Decide): Promise<SharedState> {
    return this.#sharing.change(this.#options.name, decide);
  }

  /** Tells the store, without anybody waiting for it. Out of date by the time it arrives, it changes nothing. */
  #send(decide: Decide): void {
    const sending = this.#change(decide)
      .then((state) => this.accept(state))
      .catch(() => {
        this.#unsent = [...this.#unsent, decide].slice(-MOST_UNSENT);
      })
      .finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
  }

  /** From the shared state that was known last, with its deadline. */
  #goOnAlone(): void {
    const { circuit, aheadMs } = this.#shared;
    const generation = this.#local.circuit().generation + 1;
    if (circuit.kind === 'open')
      this.#local.adopt({
        ...circuit,
        ...{ generation, since: circuit.since + aheadMs, until: circuit.until + aheadMs },
      });
    else if (circuit.kind === 'half-open')
      this.#local.adopt({ ...circuit, generation, probes: [] });
  }
}
