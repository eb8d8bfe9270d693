import { setTimeout as sleep } from 'node:timers/promises';

import { afterCrash, type CrashHistory, type RestartPolicy } from './restart-policy.ts';

/** How a process ended. */
export type Ending = {
  /** In words: `exit code 1`, `SIGKILL`. */
  readonly how: string;
  /** Trying again would change nothing. */
  readonly final: boolean;
  /** Its last log lines. */
  readonly lastLines: readonly string[];
};

/** A process that has been started and is not ready yet. */
export type Running = {
  readonly pid: number | undefined;
  /** true when it can be used; false, or never, where it cannot. */
  readonly ready: Promise<boolean>;
  readonly ended: Promise<Ending>;
  /** Ends it in good order, after `withinMs` by force. */
  readonly end: (withinMs: number) => Promise<unknown>;
};

export type SupervisedEvent =
  | { readonly kind: 'started' }
  | { readonly kind: 'crashed'; readonly ending: Ending; readonly restartInMs: number }
  | { readonly kind: 'back'; readonly afterMs: number }
  | { readonly kind: 'left_down'; readonly ending: Ending; readonly crashes: number };

export type Supervisor = {
  readonly name: string;
  /** undefined while it is down. */
  readonly pid: () => number | undefined;
  /**
   * Starts it. Fulfilled with true when it is ready for the first time, with false where it is left down or
   * stopped before that; rejected with what `launch` throws before that.
   */
  readonly start: () => Promise<boolean>;
  /** Ends it for good. Fulfilled when it is gone. */
  readonly stop: (withinMs: number) => Promise<void>;
};

export type SupervisorOptions = {
  readonly name: string;
  readonly launch: () => Running | Promise<Running>;
  readonly policy: RestartPolicy;
  readonly on: (event: SupervisedEvent) => void;
};

/** Keeps one process running: starts it, and after a crash starts it again as the policy says. */
export function supervise({ name, launch, policy, on }: SupervisorOptions): Supervisor {
  const stopping = new AbortController();
  let current: Running | undefined;
  let life: Promise<void> = Promise.resolve();
  let wasReady = false;
  let crashedAt = 0;

  // A function, because the compiler takes a property that it has seen once for constant.
  const isStopping = (): boolean => stopping.signal.aborted;

  const runOnce = async (onFirstReady: () => void): Promise<Ending> => {
    const running = await launch();
    current = running;
    if (isStopping()) await running.end(0);
    else on({ kind: 'started' });
    void running.ready.then((ready) => {
      if (!ready || isStopping()) return;
      if (wasReady) on({ kind: 'back', afterMs: Math.round(performance.now() - crashedAt) });
      else onFirstReady();
      wasReady = true;
    });
    const ending = await running.ended;
    current = undefined;
    return ending;
  };

  const live = async (onFirstReady: () => void): Promise<void> => {
    let history: CrashHistory = [];
    for (;;) {
      const ending = await runOnce(onFirstReady).catch((error: unknown): Ending => {
        if (!wasReady) throw error;
        const how = error instanceof Error ? error.message : String(error);
        return { how, final: false, lastLines: [] };
      });
      if (isStopping()) return;
      crashedAt = performance.now();
      const decision = afterCrash(policy, history, crashedAt);
      history = decision.history;
      if (decision.kind === 'leave_down' || ending.final) {
        on({ kind: 'left_down', ending, crashes: history.length });
        return;
      }
      on({ kind: 'crashed', ending, restartInMs: decision.afterMs });
      await sleep(decision.afterMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (isStopping()) return;
    }
  };

  return {
    name,
    pid: () => current?.pid,
    start: () =>
      new Promise((resolve, reject) => {
        life = live(() => resolve(true)).then(() => resolve(false), reject);
      }),
    stop: async (withinMs) => {
      stopping.abort();
      await current?.end(withinMs);
      await life;
    },
  };
}
