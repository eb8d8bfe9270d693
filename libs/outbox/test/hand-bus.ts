import type { Claim, Delivery, EventBus, SubscribeOptions } from '@newscience/event-bus/bus';
import type { CloudEvent } from '@newscience/event-contracts/envelope';
import { err, ok } from '@newscience/service-kit/result';

export type HandBus = Pick<EventBus, 'subscribe'> & {
  /** Hands a batch to the member, as a bus would; rejects where the handler does. */
  readonly deliver: (batch: readonly Delivery[], claim?: Claim) => Promise<void>;
  readonly stopped: () => boolean;
};

/** A bus whose deliveries a test makes by hand. One member. */
export function handBus(): HandBus {
  let joined: SubscribeOptions | undefined;
  let stopped = false;
  return {
    subscribe: (options) => {
      joined = options;
      return Promise.resolve({
        assigned: () => [],
        stop: () => {
          stopped = true;
          return Promise.resolve();
        },
      });
    },
    deliver: async (batch, claim = freeClaim()) => {
      await joined?.handle(batch, claim);
    },
    stopped: () => stopped,
  };
}

export type RecordedClaim = Claim & { readonly commits: bigint[] };

/** A claim that takes every commit, or none. */
export function freeClaim({
  fenced = false,
  signal = new AbortController().signal,
}: { fenced?: boolean; signal?: AbortSignal } = {}): RecordedClaim {
  const commits: bigint[] = [];
  return {
    ...{ topic: 'newscience.route', partition: 0, generation: 1, signal, commits },
    commit: (position) => {
      commits.push(position);
      return Promise.resolve(
        fenced ? err({ code: 'fenced' as const, detail: 'another member' }) : ok(undefined),
      );
    },
    heartbeat: () => Promise.resolve(),
  };
}

/** Deliveries at the positions 1, 2, 3 and so on. */
export const deliveries = (events: readonly CloudEvent[], partition = 0): Delivery[] =>
  events.map((event, index) => ({
    ...{ event, topic: 'newscience.route', partition },
    ...{ position: BigInt(index + 1), attempt: 1 },
  }));
