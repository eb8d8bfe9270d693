import type { Clock } from './clock.ts';

/** Something that is over at a moment. It is a link of its queue itself, so that queueing it allocates nothing. */
export interface Deadline {
  dueAt: number;
  earlier: Deadline | undefined;
  later: Deadline | undefined;
  queued: boolean;
  expire(): void;
}

/**
 * Deadlines that are all equally far away, so that the first in is the first due. One timer serves all of them: a
 * call that ends in time costs two links and no timer. The timer holds no process.
 */
export class DeadlineQueue {
  readonly #afterMs: number;
  readonly #clock: Clock;
  #first: Deadline | undefined;
  #last: Deadline | undefined;
  #armed = false;

  constructor(afterMs: number, clock: Clock) {
    this.#afterMs = afterMs;
    this.#clock = clock;
  }

  add(deadline: Deadline): void {
    deadline.dueAt = this.#clock.now() + this.#afterMs;
    deadline.queued = true;
    deadline.earlier = this.#last;
    if (this.#last === undefined) this.#first = deadline;
    else this.#last.later = deadline;
    this.#last = deadline;
    if (!this.#armed) this.#arm(this.#afterMs);
  }

  /** Harmless where it has been removed, or has expired. */
  remove(deadline: Deadline): void {
    if (!deadline.queued) return;
    const { earlier, later } = deadline;
    if (earlier === undefined) this.#first = later;
    else earlier.later = later;
    if (later === undefined) this.#last = earlier;
    else later.earlier = earlier;
    deadline.queued = false;
    deadline.earlier = undefined;
    deadline.later = undefined;
  }

  #arm(inMs: number): void {
    this.#armed = true;
    this.#clock.schedule(inMs, this.#look, 'idle');
  }

  /** The one whom the timer was set for may have left long ago; then it is set for the one who is first now. */
  readonly #look = (): void => {
    const now = this.#clock.now();
    for (let first = this.#first; first !== undefined && first.dueAt <= now; first = this.#first) {
      this.remove(first);
      first.expire();
    }
    // Whoever expires may have queued anew, and so armed nothing: the flag is still up.
    this.#armed = false;
    if (this.#first !== undefined) this.#arm(Math.max(1, this.#first.dueAt - now));
  };
}
