import type { CircuitStore, StoredCircuit } from '../circuit-store.ts';
import { type Clock, systemClock } from '../clock.ts';

/** Circuits that are shared within one process: for tests, and as the plainest example of the port. */
export function createMemoryCircuitStore(clock: Clock = systemClock): CircuitStore {
  const circuits = new Map<string, StoredCircuit>();
  return {
    read: (names) =>
      Promise.resolve({
        now: clock.now(),
        circuits: new Map([...circuits].filter(([name]) => names.includes(name))),
      }),
    swap(name, version, circuit) {
      const current = circuits.get(name)?.version ?? 0;
      if (current !== version) return Promise.resolve(false);
      circuits.set(name, { version: version + 1, circuit });
      return Promise.resolve(true);
    },
  };
}
