/**
 * Why a call may be made more than once: it is `safe` (changes nothing), it carries a key by which the other side
 * knows it again, or its author says that it may be repeated (`allowed`).
 */
export type Repeat = 'safe' | 'allowed' | { readonly idempotencyKey: string };

/** What a caller may say about one call. */
export type CallOptions = {
  /** Ends the call: no further attempt, no further waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Without it a call is made once, whatever the retry policy says. */
  readonly repeat?: Repeat | undefined;
};

/** What the work is told about the call. */
export interface Call {
  /** Aborted when the caller gives up or a time-out expires. Made when it is first read: work that does not look costs nothing. */
  readonly signal: AbortSignal;
  /** 1 for the first. */
  readonly attempt: number;
  readonly repeat: Repeat | undefined;
}

export type Work<T> = (call: Call) => Promise<T> | T;

/**
 * A policy around a call. `A` is what it may answer in the place of the work's result.
 */
export interface Policy<A = never> {
  /** Rejects with what the work rejects with, or with a `Rejection` of the policy. Never throws. */
  execute<T>(work: Work<T>, options?: CallOptions): Promise<T | A>;
}

/** A call on its way through the policies. */
export abstract class LiveCall implements Call {
  abstract get signal(): AbortSignal;
  abstract readonly attempt: number;
  abstract readonly repeat: Repeat | undefined;
  /** Whether the signal is aborted, or would be; asked without making one. */
  abstract readonly aborted: boolean;
  abstract readonly reason: unknown;
}

/** Nobody can end it, so any number of callers share it. Each look gets a signal of its own: listeners on a shared one would pile up. */
class EndlessCall extends LiveCall {
  readonly attempt = 1;
  readonly repeat = undefined;
  readonly aborted = false;
  readonly reason = undefined;

  get signal(): AbortSignal {
    return new AbortController().signal;
  }
}

class OptionsCall extends LiveCall {
  readonly attempt = 1;
  readonly #options: CallOptions;

  constructor(options: CallOptions) {
    super();
    this.#options = options;
  }
  get signal(): AbortSignal {
    return this.#options.signal ?? new AbortController().signal;
  }
  get repeat(): Repeat | undefined {
    return this.#options.repeat;
  }
  get aborted(): boolean {
    return this.#options.signal?.aborted ?? false;
  }
  get reason(): unknown {
    const reason: unknown = this.#options.signal?.reason;
    return reason;
  }
}

/** The same call, tried again. */
export class AttemptCall extends LiveCall {
  readonly #call: LiveCall;
  readonly #attempt: number;

  constructor(call: LiveCall, attempt: number) {
    super();
    this.#call = call;
    this.#attempt = attempt;
  }
  get signal(): AbortSignal {
    return this.#call.signal;
  }
  get attempt(): number {
    return this.#attempt;
  }
  get repeat(): Repeat | undefined {
    return this.#call.repeat;
  }
  get aborted(): boolean {
    return this.#call.aborted;
  }
  get reason(): unknown {
    return this.#call.reason;
  }
}

const endless = new EndlessCall();

/** A policy is handed options by a caller, and a live call by the policy around it. */
export function callOf(options: CallOptions | undefined): LiveCall {
  if (options === undefined) return endless;
  return options instanceof LiveCall ? options : new OptionsCall(options);
}

/** Begins the work; what it throws at once is a rejection like any other. */
export function begin<T>(work: Work<T>, call: LiveCall): Promise<T> {
  try {
    const running = work(call);
    return running instanceof Promise ? running : Promise.resolve(running);
  } catch (error) {
    return rejected(error);
  }
}

/** Passes on what was thrown as it is, whether it is an error or not. */
export const rejected = (reason: unknown): Promise<never> =>
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- not ours to change
  Promise.reject(reason);
