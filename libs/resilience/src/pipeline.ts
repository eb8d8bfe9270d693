import type { CallOptions, Policy, Work } from './call.ts';

/** What the policies of a pipeline may answer in the place of the work's result. */
type AnswerOf<P extends readonly Policy<unknown>[]> = P[number] extends Policy<infer A> ? A : never;

/**
 * Policies around each other, outermost first, in the order in which they are written:
 *
 * ```ts
 * pipeline(fallback, retry, breaker, timeout)
 * ```
 *
 * answers from the fallback when all attempts have failed, asks the breaker before each attempt, and gives each attempt
 * its own time. A pipeline is a policy itself.
 */
export function pipeline<const P extends readonly [Policy<unknown>, ...Policy<unknown>[]]>(
  ...policies: P
): Policy<AnswerOf<P>> {
  const [outermost, ...inner] = policies;
  if (inner.length === 0) return narrow(outermost);
  const rest = pipeline(...(inner as [Policy<unknown>, ...Policy<unknown>[]]));
  return narrow({
    execute: <T>(work: Work<T>, options?: CallOptions) =>
      outermost.execute((call) => rest.execute(work, call), options),
  });
}

/** The list knows what each policy may answer; walking through it loses that. */
const narrow = <A>(policy: Policy<unknown>): Policy<A> => policy;
