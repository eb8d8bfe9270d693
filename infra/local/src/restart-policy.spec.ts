import { describe, expect, it } from '@jest/globals';

import {
  afterCrash,
  type CrashHistory,
  defaultRestartPolicy,
  type RestartPolicy,
} from './restart-policy.ts';

const policy: RestartPolicy = {
  firstPauseMs: 500,
  factor: 2,
  longestPauseMs: 3000,
  crashes: 5,
  windowMs: 60_000,
};

function pauses(policyOf: RestartPolicy, times: readonly number[]): (number | 'down')[] {
  let history: CrashHistory = [];
  return times.map((time) => {
    const decision = afterCrash(policyOf, history, time);
    history = decision.history;
    return decision.kind === 'restart' ? decision.afterMs : 'down';
  });
}

describe('the restart policy', () => {
  it('waits longer after each crash, up to a limit, and leaves it down after the fifth', () => {
    expect(pauses(policy, [0, 1000, 2000, 3000, 4000])).toEqual([500, 1000, 2000, 3000, 'down']);
  });

  it('counts a crash until it is as old as the window', () => {
    expect(pauses(policy, [0, 1000, 2000, 3000, 59_999])).toEqual([500, 1000, 2000, 3000, 'down']);
    expect(pauses(policy, [0, 1000, 2000, 3000, 60_000])).toEqual([500, 1000, 2000, 3000, 3000]);
  });

  it('starts afresh for a process that ran longer than the window', () => {
    expect(pauses(policy, [0, 61_000, 122_000])).toEqual([500, 500, 500]);
  });

  it('lets nobody wait longer than a minute by default', () => {
    const { crashes, longestPauseMs, windowMs } = defaultRestartPolicy;
    const all = pauses(
      defaultRestartPolicy,
      Array.from({ length: crashes }, (_, n) => n),
    );
    expect(all.at(-1)).toBe('down');
    const waited = all.filter((pause) => pause !== 'down').reduce((sum, pause) => sum + pause, 0);
    expect(waited).toBeLessThan(windowMs);
    expect(longestPauseMs).toBeLessThan(windowMs);
  });
});
