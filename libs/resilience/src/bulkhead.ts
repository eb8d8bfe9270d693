import {
  begin,
  callOf,
  type CallOptions,
  type LiveCall,
  type Policy,
  rejected,
  type Work,
} from './call.ts';
import { type Clock, systemClock } from './clock.ts';
import { type Deadline, DeadlineQueue } from './deadline-queue.ts';
import { OptionFaults } from './domain/option-faults.ts';
import { type Listener, tell } from './events.ts';
import { BulkheadFull } from './rejections.ts';

export type BulkheadOptions = {
  readonly name: string;
  /** Calls under way at once, 1 or more. */
  readonly concurrency: number;
  /** Calls that may wait for a place, 0 or more. Default 0. */
  readonly queue?: number;
  /** How long each may wait, in milliseconds, 1 or more. Default 1000. */
  readonly queueMs?: number;
  readonly on?: Listener;
  readonly clock?: Clock;
};

export interface Bulkhead extends Policy {
  readonly name: string;
  readonly view: () => BulkheadView;
}
export type BulkheadView = {
  readonly running: number;
  readonly concurrency: number;
  readonly queued: number;
  readonly queue: number;
};

/**
 * Bounds how many calls are under way at once, and how many wait for how long, first come, first served.
 *
 * @throws RangeError that names every option out of its range
 */
export function createBulkhead(options: BulkheadOptions): Bulkhead {
  return new Places(options);
}

class Places implements Bulkhead {
  readonly name: string;
  readonly #concurrency: number;
  readonly #queueLength: number;
  readonly #on: Listener | undefined;
  readonly #clock: Clock;
  readonly #deadlines: DeadlineQueue;
  readonly #waiting = new Set<Waiting>();
  #running = 0;

  constructor(options: BulkheadOptions) {
    const { name, concurrency, queue = 0, queueMs = 1000, clock = systemClock } = options;
    new OptionFaults()
      .integer('concurrency', concurrency, 1)
      .integer('queue', queue, 0)
      .number('queueMs', queueMs, 1)
      .settle(`bulkhead ${name}`);
    this.name = name;
    this.#concurrency = concurrency;
    this.#queueLength = queue;
    this.#on = options.on;
    this.#clock = clock;
    this.#deadlines = new DeadlineQueue(queueMs, clock);
  }

  view(): BulkheadView {
    return {
      running: this.#running,
      concurrency: this.#concurrency,
      queued: this.#waiting.size,
      queue: this.#queueLength,
    };
  }

  execute<T>(work: Work<T>, options?: CallOptions): Promise<T> {
    const call = callOf(options);
    if (call.aborted) return rejected(call.reason);
    if (this.#running < this.#concurrency) {
      this.#running += 1;
      return this.#run(work, call);
    }
    if (this.#waiting.size >= this.#queueLength) return Promise.reject(this.#full('queue-full'));
    const began = this.#clock.now();
    return this.#wait(call).then(() => {
      const waitedMs = this.#clock.now() - began;
      tell(this.#on, { type: 'bulkhead-waited', policy: this.name, waitedMs });
      return this.#run(work, call);
    });
  }

  #run<T>(work: Work<T>, call: LiveCall): Promise<T> {
    return begin(work, call).then(
      (value) => {
        this.#leave();
        return value;
      },
      (error: unknown) => {
        this.#leave();
        throw error;
      },
    );
  }

  /** The place goes from hand to hand: whoever comes in between cannot take it from the one who waits. */
  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#running -= 1;
    else next.settle('admitted');
  }

  #wait(call: LiveCall): Promise<void> {
    const { signal } = call;
    return new Promise((resolve, reject) => {
      const settle = (how: 'admitted' | 'expired' | 'aborted'): void => {
        this.#waiting.delete(waiting);
        this.#deadlines.remove(waiting);
        signal.removeEventListener('abort', onAbort);
        if (how === 'admitted') resolve();
        else if (how === 'expired') reject(this.#full('queue-time-over'));
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the caller's own reason
        else reject(call.reason);
      };
      const onAbort = (): void => settle('aborted');
      const waiting = new Waiting(settle);
      this.#waiting.add(waiting);
      this.#deadlines.add(waiting);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #full(because: BulkheadFull['because']): BulkheadFull {
    tell(this.#on, { type: 'bulkhead-rejected', policy: this.name, because });
    return new BulkheadFull(this.name, because);
  }
}

class Waiting implements Deadline {
  dueAt = 0;
  earlier: Deadline | undefined;
  later: Deadline | undefined;
  queued = false;
  readonly settle: (how: 'admitted' | 'expired' | 'aborted') => void;

  constructor(settle: Waiting['settle']) {
    this.settle = settle;
  }

  expire(): void {
    this.settle('expired');
  }
}
