import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';

import type { CircuitStore } from '../../src/circuit-store.ts';
import { type Circuit, initialCircuit } from '../../src/domain/circuit.ts';

const states: Circuit[] = [
  { kind: 'closed', generation: 3, votes: [{ by: 'one', until: 12.5 }] },
  {
    ...{ kind: 'open', generation: 4, since: 1, until: 2.25, opens: 1 },
    reason: { rule: 'consecutive-failures', failures: 5 },
  },
  {
    ...{ kind: 'open', generation: 4, since: 1, until: 2.25, opens: 1 },
    reason: {
      rule: 'time-window',
      counts: 'slow-calls',
      bad: 3,
      calls: 4,
      ratio: 0.5,
      window: 1000,
    },
  },
  {
    ...{ kind: 'open', generation: 6, since: 1, until: 2, opens: 2 },
    reason: { rule: 'probe-silent', by: 'one' },
  },
  {
    ...{ kind: 'half-open', generation: 5, since: 2, opens: 1, successes: 1 },
    probes: [{ id: 'a', by: 'one', until: 4 }],
  },
  { kind: 'isolated', generation: 7, since: 5, why: 'by hand: "quoted", ünïcödé' },
];

/** What every store of circuits does. */
export function circuitStoreContract(store: () => CircuitStore): void {
  let names = 0;
  const newName = (): string => `circuit ${(names += 1)}`;

  describe('a store of circuits', () => {
    it('does not know what nobody has put there', async () => {
      const { circuits } = await store().read(['nobody']);
      expect(circuits.size).toBe(0);
    });

    it.each(states)('keeps %j as it is', async (circuit) => {
      const name = newName();
      expect(await store().swap(name, 0, circuit)).toBe(true);
      const { circuits } = await store().read([name]);
      expect(circuits.get(name)).toEqual({ version: 1, circuit });
    });

    it('reads those that were asked for, together', async () => {
      const [one, two] = [newName(), newName()];
      await store().swap(one, 0, initialCircuit);
      await store().swap(two, 0, initialCircuit);
      expect([...(await store().read([one, 'nobody', two])).circuits.keys()].sort()).toEqual(
        [one, two].sort(),
      );
      expect((await store().read([])).circuits.size).toBe(0);
    });

    it('swaps only what still has the version that was seen', async () => {
      const name = newName();
      const [first, second] = states as [Circuit, Circuit];
      expect(await store().swap(name, 1, first)).toBe(false);
      expect(await store().swap(name, 0, first)).toBe(true);
      expect(await store().swap(name, 0, second)).toBe(false);
      expect(await store().swap(name, 1, second)).toBe(true);
      expect(await store().swap(name, 1, first)).toBe(false);
      expect((await store().read([name])).circuits.get(name)).toEqual({
        version: 2,
        circuit: second,
      });
    });

    it('lets one of many win who swap at the same time', async () => {
      const name = newName();
      for (let version = 0; version < 3; version += 1) {
        const swaps = Array.from({ length: 8 }, () => store().swap(name, version, initialCircuit));
        expect((await Promise.all(swaps)).filter(Boolean)).toHaveLength(1);
      }
    });

    it('has a time that goes on', async () => {
      const before = (await store().read([])).now;
      await sleep(20);
      const passed = (await store().read([])).now - before;
      expect(passed).toBeGreaterThan(10);
      expect(passed).toBeLessThan(60_000);
    });
  });
}
