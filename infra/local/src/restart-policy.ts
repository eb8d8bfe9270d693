/** When a process that ended by itself is started again, and when it is left down. */
export type RestartPolicy = {
  /** Pause before the first restart, milliseconds. */
  readonly firstPauseMs: number;
  /** Each further pause is this many times longer. */
  readonly factor: number;
  readonly longestPauseMs: number;
  /** This many crashes within the window, and it is left down. */
  readonly crashes: number;
  readonly windowMs: number;
};

export const defaultRestartPolicy: RestartPolicy = {
  firstPauseMs: 500,
  factor: 2,
  longestPauseMs: 30_000,
  crashes: 5,
  windowMs: 60_000,
};

/** The times of the crashes that still count, oldest first, in milliseconds of one clock. */
export type CrashHistory = readonly number[];

export type Decision =
  | { readonly kind: 'restart'; readonly afterMs: number; readonly history: CrashHistory }
  | { readonly kind: 'leave_down'; readonly crashes: number; readonly history: CrashHistory };

/**
 * Decides after a crash. The pause grows with the crashes inside the window, so it is short again for a
 * process that ran longer than the window.
 *
 * @param now time of the crash, milliseconds
 */
export function afterCrash(policy: RestartPolicy, history: CrashHistory, now: number): Decision {
  const recent = [...history.filter((crash) => now - crash < policy.windowMs), now];
  if (recent.length >= policy.crashes)
    return { kind: 'leave_down', crashes: recent.length, history: recent };
  const pause = policy.firstPauseMs * policy.factor ** (recent.length - 1);
  return { kind: 'restart', afterMs: Math.min(pause, policy.longestPauseMs), history: recent };
}
