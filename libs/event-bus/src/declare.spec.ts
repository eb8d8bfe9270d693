import { describe, expect, it } from '@jest/globals';
import { topics } from '@newscience/event-contracts/topics';
import { createLogger } from '@newscience/service-kit/logging';
import { eventually } from '@newscience/testing/eventually';

import { BusError } from './bus.ts';
import { declareInBackground } from './declare.ts';

const logger = createLogger({ service: 'event-bus-test', level: 'silent' });

/** A bus that answers a declaration with one error after the other, then takes it. */
function busThat(...errors: Error[]) {
  const calls: unknown[] = [];
  const declareTopics = (policies: unknown): Promise<void> => {
    calls.push(policies);
    const error = errors.shift();
    return error === undefined ? Promise.resolve() : Promise.reject(error);
  };
  return { calls, declareTopics };
}
const away = (): BusError => new BusError('unavailable', 'away');

describe('topics declared in the background', () => {
  it('are tried until the bus takes them', async () => {
    const bus = busThat(away(), new Error('no table yet'), away());
    const declaring = declareInBackground(bus, topics, logger);
    expect(declaring.isDone()).toBe(false);
    await eventually(() => expect(declaring.isDone()).toBe(true));
    expect(bus.calls).toEqual([topics, topics, topics, topics]);
    expect(declaring.failure()).toBeUndefined();
    await declaring.stop();
  });

  it('are given up where the bus refuses them for good', async () => {
    const refusal = new BusError('partitions_fixed', 'other partitions');
    const bus = busThat(away(), refusal);
    const declaring = declareInBackground(bus, topics, logger);
    await eventually(() => expect(declaring.failure()).toBe(refusal));
    await declaring.stop();
    expect(bus.calls).toHaveLength(2);
    expect(declaring.isDone()).toBe(false);
  });

  it('end with the service, at once', async () => {
    const bus = busThat(...Array.from({ length: 50 }, away));
    const declaring = declareInBackground(bus, topics, logger);
    await eventually(() => expect(bus.calls.length).toBeGreaterThan(2));
    await declaring.stop();
    const { length } = bus.calls;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(bus.calls).toHaveLength(length);
  });
});
