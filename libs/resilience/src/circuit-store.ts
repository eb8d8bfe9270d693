import type { Circuit } from './domain/circuit.ts';

export type StoredCircuit = {
  /** Grows by one with each swap, from 1. */
  readonly version: number;
  readonly circuit: Circuit;
};

export type CircuitReading = {
  /** The store's time, in milliseconds: the one clock of all instances. */
  readonly now: number;
  /** Without those that it does not know. */
  readonly circuits: ReadonlyMap<string, StoredCircuit>;
};

/**
 * Where instances keep their circuits together. It knows nothing about breakers: the rules are pure and run in the
 * instances, and a swap that is conditional on the version makes them one. Both end within about a second, also when
 * nobody answers; they reject where they did not work.
 */
export interface CircuitStore {
  read(names: readonly string[]): Promise<CircuitReading>;
  /** Replaces a circuit that still has this version; 0 for one that is not there yet. False where it has another. */
  swap(name: string, version: number, circuit: Circuit): Promise<boolean>;
}
