import type { Bulkhead } from './bulkhead.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { ThrottledDelivery } from './throttled-delivery.ts';
import type { TokenBucket } from './token-bucket.ts';

/** What a service shows of its policies. */
export type ResilienceParts = {
  readonly circuits?: readonly CircuitBreaker[];
  readonly buckets?: readonly TokenBucket[];
  readonly bulkheads?: readonly Bulkhead[];
  readonly deliveries?: readonly ThrottledDelivery[];
};

/** The policies of a service by name. Those that come and go are asked for anew each time. */
export type ResilienceRegistry = {
  readonly add: (parts: ResilienceParts | (() => ResilienceParts)) => void;
  readonly all: () => Required<ResilienceParts>;
};

export function createResilienceRegistry(): ResilienceRegistry {
  const added: (() => ResilienceParts)[] = [];
  return {
    add: (parts) => void added.push(typeof parts === 'function' ? parts : () => parts),
    all() {
      const parts = added.map((get) => get());
      return {
        circuits: parts.flatMap(({ circuits = [] }) => circuits),
        buckets: parts.flatMap(({ buckets = [] }) => buckets),
        bulkheads: parts.flatMap(({ bulkheads = [] }) => bulkheads),
        deliveries: parts.flatMap(({ deliveries = [] }) => deliveries),
      };
    },
  };
}
