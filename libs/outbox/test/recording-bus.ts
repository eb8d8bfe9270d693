import type { EventBus } from '@newscience/event-bus/bus';
import type { CloudEvent } from '@newscience/event-contracts/envelope';

export type RecordingBus = Pick<EventBus, 'publish'> & {
  /** Ids in the order in which they were taken, repetitions too. */
  readonly ids: () => readonly string[];
  readonly events: () => readonly CloudEvent[];
  readonly calls: () => number;
  /** Is asked before each batch is taken; what it throws, the publisher gets. */
  intercept: (
    batch: readonly CloudEvent[],
    take: (event: CloudEvent) => void,
  ) => Promise<void> | void;
};

/** A bus in memory that can be told to fail. */
export function recordingBus(): RecordingBus {
  const taken: CloudEvent[] = [];
  let calls = 0;
  const bus: RecordingBus = {
    ids: () => taken.map(({ id }) => id),
    events: () => taken,
    calls: () => calls,
    intercept: () => undefined,
    publish: async (batch) => {
      calls += 1;
      await bus.intercept(batch, (event) => taken.push(event));
      taken.push(...batch);
    },
  };
  return bus;
}
