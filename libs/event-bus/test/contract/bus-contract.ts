import { afterEach, beforeEach, jest } from '@jest/globals';
import { contractSuite } from '@newscience/testing/contract-suite';

import { deliveryContract } from './delivery.ts';
import { createSite, type Engine } from './harness.ts';
import { membershipContract } from './membership.ts';
import { steeringContract } from './steering.ts';

/**
 * What every event bus promises. Both adapters run exactly this. `withinMs` is how long a test waits for what must
 * come, before it gives up.
 */
export const busContract = contractSuite<Engine, { readonly withinMs: number }>(
  'the event bus',
  (engine, { withinMs }) => {
    // Room for several waits in one test.
    jest.setTimeout(8 * withinMs);
    let site: ReturnType<typeof createSite>;
    beforeEach(() => {
      site = createSite(engine());
    });
    afterEach(() => site.close());

    deliveryContract(() => site, withinMs);
    steeringContract(() => site, withinMs);
    membershipContract(() => site, withinMs);
  },
);
