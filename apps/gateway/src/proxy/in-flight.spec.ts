import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InFlight, type Placed } from './in-flight.ts';

describe('InFlight', () => {
  it('holds what was added and not deleted, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(9))), (steps) => {
        const list = new InFlight<Placed>();
        const members = Array.from({ length: 10 }, () => ({ place: -1 }));
        const model = new Set<Placed>();
        for (const [adds, index] of steps) {
          const member = members[index];
          if (member === undefined) continue;
          if (!adds) {
            list.delete(member);
            model.delete(member);
          } else if (!model.has(member)) {
            list.add(member);
            model.add(member);
          }
        }
        expect(list.size).toBe(model.size);
        expect(new Set(list)).toEqual(model);
      }),
    );
  });

  it('can be gone through while its members leave', () => {
    const list = new InFlight<Placed>();
    for (let count = 0; count < 5; count++) list.add({ place: -1 });
    for (const member of list) list.delete(member);
    expect(list.size).toBe(0);
  });
});
