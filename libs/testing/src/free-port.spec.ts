import { describe, expect, it } from '@jest/globals';

import { freePort, freePortRange, freePorts } from './free-port.ts';

describe('free ports', () => {
  it('are valid and differ', async () => {
    const ports = await freePorts(5);
    expect(new Set(ports).size).toBe(5);
    for (const port of [...ports, await freePort()]) expect(port).toBeGreaterThan(1023);
  });

  it('come as a range on request', async () => {
    expect(await freePortRange([1, 2, 9])).toBeGreaterThanOrEqual(20_000);
  });
});
