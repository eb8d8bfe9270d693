import { begin, type Call, callOf, type CallOptions, type Policy, type Work } from './call.ts';
import { type Listener, tell } from './events.ts';

export type FallbackOptions<A> = {
  readonly name: string;
  /** What is answered instead. What it throws is what the caller gets. */
  readonly answer: (error: unknown, call: Call) => Promise<A> | A;
  /** For which errors. Default: all. */
  readonly when?: (error: unknown) => boolean;
  readonly on?: Listener;
};

/** Answers something else where the work fails. Not for a caller who has gone: that call just ends. */
export function createFallback<A>(options: FallbackOptions<A>): Policy<A> {
  const { name, answer, when, on } = options;
  return {
    execute<T>(work: Work<T>, callOptions?: CallOptions): Promise<T | A> {
      const call = callOf(callOptions);
      return begin<T | A>(work, call).catch((error: unknown) => {
        if (call.aborted || (when !== undefined && !when(error))) throw error;
        tell(on, { type: 'fallback-used', policy: name, error });
        return answer(error, call);
      });
    },
  };
}
