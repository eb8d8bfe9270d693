import type { BucketKey } from './bucket-store.ts';
import { callOf } from './call.ts';
import type { Clock } from './clock.ts';
import {
  type DeliverySettings,
  settingsOf,
  type ThrottledDeliveryOptions,
} from './delivery-settings.ts';
import type { Delivery, QueueState } from './delivery-store.ts';
import { pauseMs } from './domain/backoff.ts';
import { LATENESS_MS, turnsOf } from './domain/sending-rate.ts';
import { tell } from './events.ts';
import { pause } from './pause.ts';
import { retryAfterOf, saysRetryable } from './retry.ts';

export type { ThrottledDeliveryOptions } from './delivery-settings.ts';

export interface ThrottledDelivery {
  readonly name: string;
  /** Returns as soon as it is kept. False where one with this key is there already. */
  readonly enqueue: (payload: unknown, key?: string) => Promise<boolean>;
  readonly pause: (why: string) => Promise<void>;
  readonly resume: () => Promise<void>;
  readonly state: () => Promise<QueueState>;
  /** Looks now: something was enqueued in another way. */
  readonly wake: () => void;
  /** Takes no more, and waits for those under way. */
  readonly stop: () => Promise<void>;
}

/** How often a turn that came too late is tried for again, and how far away the next one may be. */
const MOST_TURNS = 10;
const LONGEST_TURN_MS = 5000;
/** While the store cannot be reached. */
const storeAway = { baseMs: 200, factor: 2, capMs: 5000 };

/**
 * Delivers what was enqueued, never more than the maximum in any second, for as long as it runs; whoever enqueues does
 * not wait. At least once; what fails is tried again with growing pauses, and ends as a dead letter.
 *
 * @throws RangeError that names every option out of its range
 */
export function startThrottledDelivery(options: ThrottledDeliveryOptions): ThrottledDelivery {
  const worker = new Worker(options);
  worker.start();
  return worker;
}

class Worker implements ThrottledDelivery {
  readonly name: string;
  readonly #settings: DeliverySettings;
  readonly #clock: Clock;
  readonly #ending = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  #running: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;
  #woken = false;

  constructor(options: ThrottledDeliveryOptions) {
    this.name = options.name;
    this.#settings = settingsOf(options);
    this.#clock = this.#settings.clock;
  }

  start(): void {
    this.#running = this.#run();
  }

  async enqueue(payload: unknown, key?: string): Promise<boolean> {
    const enqueued = await this.#settings.store.enqueue(this.name, payload, key);
    this.wake();
    return enqueued;
  }

  async pause(why: string): Promise<void> {
    await this.#settings.store.pause(this.name, why);
    tell(this.#settings.on, { type: 'delivery-switched', policy: this.name, to: 'paused', why });
  }

  async resume(): Promise<void> {
    await this.#settings.store.resume(this.name);
    tell(this.#settings.on, {
      type: 'delivery-switched',
      policy: this.name,
      to: 'running',
      why: '',
    });
    this.wake();
  }

  state(): Promise<QueueState> {
    return this.#settings.store.state(this.name);
  }

  wake(): void {
    this.#woken = true;
    this.#wake?.();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    this.wake();
    await this.#running;
    await Promise.all(this.#underWay);
  }

  async #run(): Promise<void> {
    const ending = callOf({ signal: this.#ending.signal });
    let failures = 0;
    while (!ending.aborted) {
      try {
        const waitMs = await this.#step();
        if (failures > 0)
          tell(this.#settings.on, { type: 'store-back', policy: this.name, awayMs: 0 });
        failures = 0;
        if (waitMs > 0) await this.#sleep(waitMs);
      } catch (error) {
        failures += 1;
        if (failures === 1)
          tell(this.#settings.on, {
            type: 'store-away',
            policy: this.name,
            applies: 'fail-closed',
            error,
          });
        await pause(this.#clock, 50 + pauseMs(storeAway, failures, Math.random()), ending);
      }
    }
  }

  /** Begins one delivery, and says how long there is nothing more to do. */
  async #step(): Promise<number> {
    const { store } = this.#settings;
    if (this.#underWay.size >= this.#settings.concurrency) {
      await Promise.race(this.#underWay);
      return 0;
    }
    const delivery = await store.claim(this.name, this.#settings.leaseMs);
    if (delivery === undefined) {
      const dueInMs = await store.untilDue(this.name);
      return Math.min(this.#settings.pollMs, Math.max(1, dueInMs ?? this.#settings.pollMs));
    }
    if (await this.#takeTurn()) this.#begin(delivery);
    else await store.release(delivery);
    return 0;
  }

  /** Waits for the next turn of all instances. False where it was stopped meanwhile, or turns are far away or always over. */
  async #takeTurn(): Promise<boolean> {
    const ending = callOf({ signal: this.#ending.signal });
    for (let tries = 0; tries < MOST_TURNS && !ending.aborted; tries += 1) {
      const asked = this.#clock.now();
      const mostWaitMs = Math.min(this.#settings.leaseMs / 4, LONGEST_TURN_MS);
      const { granted, waitMs } = await this.#settings.rate.reserve(this.#rateKey(), 1, mostWaitMs);
      const waited = await pause(this.#clock, Math.min(waitMs, mostWaitMs), ending);
      if (!granted) return false;
      // One that is over would come on top of somebody else's.
      if (waited && this.#clock.now() <= asked + waitMs + LATENESS_MS) return true;
      await this.#giveTurnBack();
    }
    return false;
  }

  #giveTurnBack(): Promise<void> {
    return this.#settings.rate.giveBack(this.#rateKey(), 1);
  }

  #begin(delivery: Delivery): void {
    const underWay = this.#deliver(delivery)
      .catch((error: unknown) => {
        // It could not be written down. The lease ends, and it comes again.
        tell(this.#settings.on, {
          type: 'store-away',
          policy: this.name,
          applies: 'fail-closed',
          error,
        });
      })
      .finally(() => this.#underWay.delete(underWay));
    this.#underWay.add(underWay);
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const { store, deliver, on, chance } = this.#settings;
    const { id, attempts } = delivery;
    const limit = new AbortController();
    // Stops before others may take it for dead and deliver it too.
    const cancel = this.#clock.schedule(this.#settings.leaseMs * 0.9, () => limit.abort(), 'idle');
    try {
      await deliver(delivery, limit.signal);
    } catch (error) {
      const again = attempts < this.#settings.attempts && this.#mayRetry(error);
      const asked = retryAfterOf(error) ?? 0;
      if (asked > 0) await this.#settings.rate.penalise(this.#rateKey(), asked);
      const inMs = asked + pauseMs(this.#settings.backoff, attempts, chance());
      await store.failed(
        delivery,
        again ? { kind: 'again', inMs } : { kind: 'dead' },
        String(error),
      );
      tell(on, {
        ...{ type: 'delivery-ended', policy: this.name, id, attempts, error },
        ...(again ? { outcome: 'failed', inMs } : { outcome: 'dead' }),
      });
      return;
    } finally {
      cancel();
    }
    await store.delivered(delivery);
    tell(on, { type: 'delivery-ended', policy: this.name, id, attempts, outcome: 'delivered' });
  }

  #rateKey(): BucketKey {
    return { name: `delivery/${this.name}`, ...turnsOf(this.#settings.maxPerSecond) };
  }

  #mayRetry(error: unknown): boolean {
    const { retryIf } = this.#settings;
    if (retryIf !== undefined) return retryIf(error);
    const says = typeof error === 'object' && error !== null && 'retryable' in error;
    return !says || saysRetryable(error);
  }

  async #sleep(ms: number): Promise<void> {
    if (!this.#woken)
      await new Promise<void>((resolve) => {
        // Idle: a queue alone keeps no process alive.
        const cancel = this.#clock.schedule(ms, resolve, 'idle');
        this.#wake = () => {
          cancel();
          resolve();
        };
      });
    this.#wake = undefined;
    this.#woken = false;
  }
}
