import type { BucketStore } from './bucket-store.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Delivery, DeliveryStore } from './delivery-store.ts';
import { type Backoff, checkBackoff, defaultBackoff } from './domain/backoff.ts';
import { OptionFaults } from './domain/option-faults.ts';
import type { Listener } from './events.ts';

/** Times in milliseconds. */
export type ThrottledDeliveryOptions = {
  /** Names the queue, and the rate, in the stores. */
  readonly name: string;
  /** Deliveries in any one-second window, over all instances, 1 to 10000. */
  readonly maxPerSecond: number;
  readonly store: DeliveryStore;
  /** Where the instances keep the rate together: of PostgreSQL, next to the queue. */
  readonly rate: BucketStore;
  /** Delivers one. It may be called again with the same one: the other side should know it by its id or key. */
  readonly deliver: (delivery: Delivery, signal: AbortSignal) => Promise<void>;
  /** Which errors are tried again. Default: all but those that say that they are not `retryable`. */
  readonly retryIf?: (error: unknown) => boolean;
  /** Attempts in all, 1 to 1000. Default 10. */
  readonly attempts?: number;
  /** Default 1000 doubling up to 300000, full jitter. */
  readonly backoff?: Backoff;
  /** A delivery that takes longer is taken for dead with its worker, and comes again. Default 60000. */
  readonly leaseMs?: number;
  /** How many may be under way at once in this instance, 1 to 1000. Default 4. */
  readonly concurrency?: number;
  /** How often to look without being told. Default 1000. */
  readonly pollMs?: number;
  readonly on?: Listener;
  readonly clock?: Clock;
  readonly chance?: () => number;
};

type Defaulted = 'attempts' | 'leaseMs' | 'concurrency' | 'pollMs' | 'clock' | 'chance';

/** The options with what was left out. */
export type DeliverySettings = ThrottledDeliveryOptions &
  Required<Pick<ThrottledDeliveryOptions, Defaulted>> & { readonly backoff: Required<Backoff> };

/** @throws RangeError that names every option out of its range */
export function settingsOf(options: ThrottledDeliveryOptions): DeliverySettings {
  const settings = {
    ...{ attempts: 10, leaseMs: 60_000, concurrency: 4, pollMs: 1000 },
    ...{ clock: systemClock, chance: Math.random },
    ...options,
    backoff: { ...defaultBackoff, baseMs: 1000, capMs: 300_000, ...options.backoff },
  };
  const faults = new OptionFaults()
    .number('maxPerSecond', settings.maxPerSecond, 1, 10_000)
    .integer('attempts', settings.attempts, 1, 1000)
    .number('leaseMs', settings.leaseMs, 1000)
    .integer('concurrency', settings.concurrency, 1, 1000)
    .number('pollMs', settings.pollMs, 10);
  checkBackoff(faults, settings.backoff);
  faults.settle(`throttled delivery ${options.name}`);
  return settings;
}
