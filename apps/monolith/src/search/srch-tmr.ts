import type { Logger } from '@newscience/service-kit/logging';

import type { SrchInt } from './srch-int.ts';

/** How long at most until a changed interval is noticed by every instance, in ms. */
const LOOK_EVERY_MS = 5_000;

export type SrchTmr = {
  /** Looks at once instead of at the next look; used after a change of the interval. */
  look(): Promise<void>;
  /** Ends the timer; a look in flight is waited for. */
  stop(): Promise<void>;
};

type TmrDeps = {
  srch: Pick<SrchInt, 'getIvl' | 'runBatch'>;
  logger: Logger;
  /** Milliseconds since 1970. */
  now?: () => number;
};

/**
 * Runs the batch whenever a multiple of its interval since 1970 is passed: with the default of an hour, at
 * the full hour. A time that passed while the service was down is not made up for. Two instances share
 * the work: the second finds the run of this interval in the table and leaves it.
 */
export function startSrchTmr({ srch, logger, now = Date.now }: TmrDeps): SrchTmr {
  let ivlMs = 0;
  let slot = 0;
  let timer: NodeJS.Timeout | undefined;
  let current: Promise<void> | undefined;
  let stopped = false;

  const look = async (): Promise<void> => {
    const set = await srch.getIvl();
    const nowMs = now();
    if (set.ivlMs !== ivlMs) {
      ivlMs = set.ivlMs;
      slot = slotOf(nowMs, ivlMs);
      return;
    }
    const due = slotOf(nowMs, ivlMs);
    if (due === slot) return;
    slot = due;
    const done = await srch.runBatch('H', new Date(due * ivlMs));
    if (!done.ok) logger.info({ code: done.error.code }, 'search batch left out this time');
  };

  const guarded = (): Promise<void> => {
    current ??= look()
      .catch((error: unknown) => logger.error({ err: error }, 'search batch could not be started'))
      .finally(() => {
        current = undefined;
      });
    return current;
  };

  const plan = (): void => {
    if (stopped) return;
    timer = setTimeout(() => void guarded().finally(plan), pause(now(), ivlMs));
    timer.unref();
  };

  void guarded().finally(plan);
  return {
    look: guarded,
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await current;
    },
  };
}

function slotOf(nowMs: number, ivlMs: number): number {
  return ivlMs === 0 ? 0 : Math.floor(nowMs / ivlMs);
}

function pause(nowMs: number, ivlMs: number): number {
  if (ivlMs === 0) return LOOK_EVERY_MS;
  return Math.min(LOOK_EVERY_MS, ivlMs - (nowMs % ivlMs));
}
