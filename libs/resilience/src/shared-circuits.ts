import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import type { CircuitGate, GateOptions } from './circuit-gate.ts';
import type { CircuitStore, StoredCircuit } from './circuit-store.ts';
import { type Clock, systemClock } from './clock.ts';
import { type Circuit, initialCircuit } from './domain/circuit.ts';
import { OptionFaults } from './domain/option-faults.ts';
import type { Listener } from './events.ts';
import { createSharedGate, type SharedGate } from './shared-gate.ts';
import { createStoreWatch } from './store-watch.ts';

/** What applies while the store is away. An isolation that is known goes on in any case. */
export type WhenAway =
  /** Each instance goes on with a circuit of its own, from the state that it knew last. */
  | 'local'
  /** Every call passes. */
  | 'fail-open'
  /** No call passes. */
  | 'fail-closed';

/** Times in milliseconds. */
export type SharedCircuitsOptions = {
  readonly store: CircuitStore;
  /** Names this instance in votes and reasons. Default: host, process and something of chance. */
  readonly instance?: string;
  /** Default `local`. */
  readonly whenAway?: WhenAway;
  /** How often the circuits are read, all of them in one go, 50 to 1000. Default 400. */
  readonly pollMs?: number;
  readonly on?: Listener;
  readonly clock?: Clock;
};

/** A circuit as the store has it, and by how much this process's clock is ahead of the store's. */
export type SharedState = StoredCircuit & { readonly aheadMs: number };
export type Decide = (circuit: Circuit, storeNow: number) => Circuit;

/** What a gate needs of those who share. */
export type Sharing = {
  readonly instance: string;
  readonly whenAway: WhenAway;
  readonly clock: Clock;
  readonly away: () => boolean;
  /** Decides on the newest state, as often as it takes until nobody was faster. */
  readonly change: (name: string, decide: Decide) => Promise<SharedState>;
};

export type SharedCircuits = {
  /** For the option `shared` of a circuit breaker. */
  readonly gate: (options: GateOptions) => CircuitGate;
  /** Resolves when the circuits were read for the first time, or could not be: wait for it before you serve. */
  readonly ready: () => Promise<void>;
  /** Reads them now. */
  readonly refresh: () => Promise<void>;
  readonly close: () => Promise<void>;
};

const MOST_SWAPS = 25;

/**
 * Circuits that all instances see alike: opened by one they are open for all, within `pollMs` and the time of a
 * query. A call through an unchanged circuit asks nobody.
 *
 * @throws RangeError where an option is out of its range
 */
export function createSharedCircuits(options: SharedCircuitsOptions): SharedCircuits {
  const { store, whenAway = 'local', pollMs = 400, clock = systemClock, on } = options;
  new OptionFaults().number('pollMs', pollMs, 50, 1000).settle('shared circuits');
  const instance = options.instance ?? `${hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`;
  const watch = createStoreWatch({ policy: 'circuits', applies: whenAway, clock, on });
  const gates = new Map<string, SharedGate>();
  let refreshing: Promise<void> | undefined;
  let cancelPoll = (): void => undefined;
  let closed = false;

  const change: Sharing['change'] = async (name, decide) => {
    for (let tries = 0; tries < MOST_SWAPS; tries += 1) {
      const { now, circuits } = await store.read([name]);
      const aheadMs = clock.now() - now;
      const stored = circuits.get(name) ?? { version: 0, circuit: initialCircuit };
      const circuit = decide(stored.circuit, now);
      if (circuit === stored.circuit) return { ...stored, aheadMs };
      if (await store.swap(name, stored.version, circuit))
        return { version: stored.version + 1, circuit, aheadMs };
    }
    throw new Error(`The circuit ${name} was changed by others ${MOST_SWAPS} times in a row.`);
  };
  const sharing: Sharing = { instance, whenAway, clock, away: watch.away, change };

  const read = async (): Promise<void> => {
    const { now, circuits } = await store.read([...gates.keys()]);
    const aheadMs = clock.now() - now;
    const wasAway = watch.away();
    watch.answered();
    for (const [name, gate] of gates) {
      const stored = circuits.get(name);
      if (stored !== undefined) gate.accept({ ...stored, aheadMs });
      gate.storeAnswered(wasAway);
    }
  };

  const refreshOnce = async (): Promise<void> => {
    if (gates.size === 0) return;
    try {
      // Once more at once: a connection that broke while nobody used it is no outage.
      await read().catch(read);
    } catch (error) {
      const wasAway = watch.away();
      watch.failed(error);
      if (!wasAway) for (const gate of gates.values()) gate.storeLost();
    }
  };
  const refresh = (): Promise<void> =>
    (refreshing ??= refreshOnce().finally(() => {
      refreshing = undefined;
    }));

  const pollLater = (): void => {
    cancelPoll = clock.schedule(
      pollMs,
      () => {
        void refresh().then(() => {
          if (!closed) pollLater();
        });
      },
      'idle',
    );
  };
  pollLater();

  return {
    gate(gateOptions) {
      if (gates.has(gateOptions.name))
        throw new RangeError(
          `There are two circuits called ${gateOptions.name}: share one, or name them apart.`,
        );
      const gate = createSharedGate(gateOptions, sharing);
      gates.set(gateOptions.name, gate);
      // One that comes later, while others are long in use, must not pass calls until the next poll.
      void Promise.resolve().then(refresh);
      return gate;
    },
    ready: refresh,
    refresh,
    async close() {
      closed = true;
      cancelPoll();
      await refreshing;
      await Promise.all([...gates.values()].map((gate) => gate.settled()));
    },
  };
}
