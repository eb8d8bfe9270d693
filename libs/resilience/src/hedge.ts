import {
  AttemptCall,
  begin,
  callOf,
  type CallOptions,
  type LiveCall,
  type Policy,
  rejected,
  type Repeat,
  type Work,
} from './call.ts';
import { type Clock, systemClock } from './clock.ts';
import { OptionFaults } from './domain/option-faults.ts';
import { type Listener, tell } from './events.ts';
import { RetryBudget } from './retry-budget.ts';

export type HedgeOptions = {
  readonly name: string;
  /** A second attempt begins when the first has not ended after so long, in milliseconds. About the 95th percentile. */
  readonly afterMs: number;
  /** Bounds second attempts to a share of the traffic. Default: a budget of its own, a twentieth, at least 1. */
  readonly budget?: RetryBudget;
  /** What holds for every call that does not say it itself. Default: calls are made once. */
  readonly repeat?: Repeat;
  readonly on?: Listener;
  readonly clock?: Clock;
};

/**
 * Begins a slow call a second time and takes the first success; the other is aborted. Only calls that may be repeated.
 *
 * @throws RangeError where the time is out of its range
 */
export function createHedge(options: HedgeOptions): Policy {
  const { name, afterMs, on, clock = systemClock } = options;
  new OptionFaults().number('afterMs', afterMs, 1).settle(`hedge ${name}`);
  const budget = options.budget ?? new RetryBudget({ ratio: 0.05, minimum: 1 }, clock);
  const mayHedge = (call: LiveCall): boolean => !call.aborted && budget.spend();

  const race = <T>(work: Work<T>, call: LiveCall): Promise<T> =>
    new Promise((resolve, reject) => {
      const rivals: Rival[] = [];
      let running = 0;
      const settled = (): void => {
        cancel();
        for (const rival of rivals) rival.release();
      };
      const run = (attempt: number): void => {
        const rival = new Rival(call, attempt);
        rivals.push(rival);
        running += 1;
        begin(work, rival).then(
          (value) => {
            settled();
            for (const other of rivals) if (other !== rival) other.abort();
            resolve(value);
          },
          (error: unknown) => {
            running -= 1;
            if (running > 0) return;
            settled();
            rejected(error).catch(reject);
          },
        );
      };
      const cancel = clock.schedule(
        afterMs,
        () => {
          if (!mayHedge(call)) return;
          tell(on, { type: 'hedge-started', policy: name, afterMs });
          run(call.attempt + 1);
        },
        'idle',
      );
      run(call.attempt);
    });

  return {
    execute<T>(work: Work<T>, callOptions?: CallOptions): Promise<T> {
      const call = callOf(callOptions);
      if ((call.repeat ?? options.repeat) === undefined) return begin(work, call);
      budget.begin();
      return race(work, call).finally(() => {
        budget.end();
      });
    },
  };
}

/** One of two attempts at the same time; it ends with the call, or when the other one was faster. */
class Rival extends AttemptCall {
  readonly #controller = new AbortController();
  readonly #outer: LiveCall;
  readonly #followed: AbortSignal;

  constructor(call: LiveCall, attempt: number) {
    super(call, attempt);
    this.#outer = call;
    this.#followed = call.signal;
    if (call.aborted) this.#follow();
    else this.#followed.addEventListener('abort', this.#follow);
  }
  override get signal(): AbortSignal {
    return this.#controller.signal;
  }
  override get aborted(): boolean {
    return this.#controller.signal.aborted;
  }
  override get reason(): unknown {
    const reason: unknown = this.#controller.signal.reason;
    return reason;
  }

  abort(): void {
    this.#controller.abort(new DOMException('Another attempt was faster.', 'AbortError'));
  }
  release(): void {
    this.#followed.removeEventListener('abort', this.#follow);
  }
  readonly #follow = (): void => this.#controller.abort(this.#outer.reason);
}
