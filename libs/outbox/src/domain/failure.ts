import { type Backoff, pauseMs } from './backoff.ts';

export type RetryPolicy = Backoff & {
  /** How often an event is tried in all, 1 or more. */
  readonly attempts: number;
};

export type AfterFailure =
  { readonly kind: 'retry'; readonly inMs: number } | { readonly kind: 'dead' };

/**
 * What becomes of an event that has just failed.
 *
 * @param failed how often by now, the last time included
 * @param chance from 0 up to but not including 1
 */
export function afterFailure(policy: RetryPolicy, failed: number, chance: number): AfterFailure {
  if (failed >= policy.attempts) return { kind: 'dead' };
  return { kind: 'retry', inMs: pauseMs(policy, failed, chance) };
}
