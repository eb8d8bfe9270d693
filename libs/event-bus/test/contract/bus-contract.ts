import { afterEach, beforeEach, describe, jest } from '@jest/globals';

import { deliveryContract } from './delivery.ts';
import { createSite, type Engine } from './harness.ts';
import { membershipContract } from './membership.ts';
import { steeringContract } from './steering.ts';

/**
 * What every event bus promises. Both adapters run exactly this.
 *
 * @param withinMs how long a test waits for what must come, before it gives up
 */
export function busContract(name: string, engine: Engine, withinMs: number): void {
  describe(`the event bus on ${name}`, () => {
    // Room for several waits in one test.
    jest.setTimeout(8 * withinMs);
    let site: ReturnType<typeof createSite>;
    beforeEach(() => {
      site = createSite(engine);
    });
    afterEach(() => site.close());

    deliveryContract(() => site, withinMs);
    steeringContract(() => site, withinMs);
    membershipContract(() => site, withinMs);
  });
}
