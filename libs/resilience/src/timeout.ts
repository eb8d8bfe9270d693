import {
  begin,
  callOf,
  type CallOptions,
  LiveCall,
  type Policy,
  type Repeat,
  type Work,
} from './call.ts';
import { type Clock, systemClock } from './clock.ts';
import { type Deadline, DeadlineQueue } from './deadline-queue.ts';
import { OptionFaults } from './domain/option-faults.ts';
import { type Listener, tell } from './events.ts';
import { TimeoutExceeded } from './rejections.ts';

export type TimeoutOptions = {
  readonly name: string;
  /** How long the work may take, in milliseconds, 1 or more. */
  readonly ms: number;
  /**
   * `cooperative` aborts the signal and waits for the work to end, so that nothing goes on unseen. `hard` aborts it and
   * does not wait: for work that does not listen. Default cooperative.
   */
  readonly mode?: 'cooperative' | 'hard';
  readonly on?: Listener;
  readonly clock?: Clock;
};

/**
 * Bounds the time of the work.
 *
 * @throws RangeError where the time is out of its range
 */
export function createTimeout(options: TimeoutOptions): Policy {
  const { name, ms, mode = 'cooperative', on, clock = systemClock } = options;
  new OptionFaults().number('ms', ms, 1).settle(`time-out ${name}`);
  const queue = new DeadlineQueue(ms, clock);
  const expired = (): TimeoutExceeded => {
    tell(on, { type: 'timeout-exceeded', policy: name, afterMs: ms, mode });
    return new TimeoutExceeded(name, ms);
  };
  return {
    execute<T>(work: Work<T>, callOptions?: CallOptions): Promise<T> {
      const call = new TimedCall(callOf(callOptions), expired);
      queue.add(call);
      return mode === 'hard' ? runHard(queue, call, work) : runCooperative(queue, call, work);
    },
  };
}

function runCooperative<T>(queue: DeadlineQueue, call: TimedCall, work: Work<T>): Promise<T> {
  return begin(work, call).then(
    (value) => {
      queue.remove(call);
      call.release();
      return value;
    },
    (error: unknown) => {
      queue.remove(call);
      call.release();
      // What the work says about being aborted is less than what is known about why. An outer time-out's too.
      throw call.exceeded ?? error;
    },
  );
}

function runHard<T>(queue: DeadlineQueue, call: TimedCall, work: Work<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    call.onExpire = reject;
    runCooperative(queue, call, work).then(resolve, reject);
  });
}

class TimedCall extends LiveCall implements Deadline {
  dueAt = 0;
  earlier: Deadline | undefined;
  later: Deadline | undefined;
  queued = false;
  exceeded: TimeoutExceeded | undefined;
  onExpire: ((error: TimeoutExceeded) => void) | undefined;
  readonly #outer: LiveCall;
  readonly #expired: () => TimeoutExceeded;
  #controller: AbortController | undefined;
  #followed: AbortSignal | undefined;

  constructor(outer: LiveCall, expired: () => TimeoutExceeded) {
    super();
    this.#outer = outer;
    this.#expired = expired;
  }

  get attempt(): number {
    return this.#outer.attempt;
  }
  get repeat(): Repeat | undefined {
    return this.#outer.repeat;
  }
  get aborted(): boolean {
    return this.exceeded !== undefined || this.#outer.aborted;
  }
  get reason(): unknown {
    return this.exceeded ?? this.#outer.reason;
  }

  get signal(): AbortSignal {
    if (this.#controller !== undefined) return this.#controller.signal;
    const controller = new AbortController();
    this.#controller = controller;
    if (this.aborted) controller.abort(this.reason);
    else {
      this.#followed = this.#outer.signal;
      this.#followed.addEventListener('abort', this.#follow);
    }
    return controller.signal;
  }

  expire(): void {
    this.exceeded = this.#expired();
    this.#controller?.abort(this.exceeded);
    this.onExpire?.(this.exceeded);
  }

  /** A caller's signal may live much longer than the call. */
  release(): void {
    this.#followed?.removeEventListener('abort', this.#follow);
  }

  readonly #follow = (): void => this.#controller?.abort(this.#outer.reason);
}
