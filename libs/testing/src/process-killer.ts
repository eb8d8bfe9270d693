import { setTimeout as sleep } from 'node:timers/promises';

import { seededRandom } from './seeded-random.ts';
import type { ServiceProcess } from './service-process.ts';

/** Something that can be killed and started again: a service, a server, a broker. */
export type Victim = {
  /** Kills it without a farewell. Waits first where it is not up. */
  readonly kill: () => Promise<unknown>;
  /** Starts it again and waits until it is ready. May reject while what it needs is away: it is asked again. */
  readonly start: () => Promise<unknown>;
};

/** A service process as a victim. */
export const victimOf = (service: ServiceProcess): Victim => ({
  kill: () => service.kill('SIGKILL'),
  start: () => service.restart(),
});

export type PlannedKill = {
  readonly victim: string;
  /** Since the kill before. Milliseconds. */
  readonly afterMs: number;
  /** How long it stays away before it is started again. Milliseconds. */
  readonly downMs: number;
};

export type KillPlan = {
  readonly seed: number;
  readonly kills: number;
  /** How often each is hit, relative to the others. */
  readonly weights: Readonly<Record<string, number>>;
  readonly afterMs: readonly [least: number, most: number];
  readonly downMs: readonly [least: number, most: number];
};

/** Who is killed when: the same for the same seed. Every victim with a weight is hit, if there are kills enough. */
export function planKills({ seed, kills, weights, afterMs, downMs }: KillPlan): PlannedKill[] {
  const random = seededRandom(seed);
  const names = Object.keys(weights).filter((name) => (weights[name] ?? 0) > 0);
  const total = names.reduce((sum, name) => sum + (weights[name] ?? 0), 0);
  const byWeight = (): string => {
    let rest = random.next() * total;
    const hit = names.find((name) => (rest -= weights[name] ?? 0) < 0);
    return hit ?? names[0] ?? '';
  };
  return Array.from({ length: names.length === 0 ? 0 : kills }, (_, index) => ({
    victim: names[index] ?? byWeight(),
    afterMs: Math.round(random.between(...afterMs)),
    downMs: Math.round(random.between(...downMs)),
  }));
}

export type KillReport = {
  /** Since the start of the run. Milliseconds. */
  readonly atMs: number;
  readonly victim: string;
  readonly what: 'killed' | 'ready' | 'not started';
  readonly detail?: string;
};

export type KillOptions = {
  readonly plan: readonly PlannedKill[];
  readonly victims: Readonly<Record<string, Victim>>;
  readonly onReport?: (report: KillReport) => void;
  /** Ends the run early: nobody else is killed, and who is down is started again. */
  readonly signal?: AbortSignal;
  /** How long a victim may take to be ready again, milliseconds. Default 120000. */
  readonly startWithinMs?: number;
};

/**
 * Kills by plan while the victims' restarts go on side by side, and resolves when all of them are ready again. Who
 * is still down when its turn comes is killed as soon as it is up.
 *
 * @throws Error naming the victim that did not come back
 */
export async function runKills(options: KillOptions): Promise<void> {
  const { plan, victims, onReport, signal, startWithinMs = 120_000 } = options;
  const started = performance.now();
  const report = (victim: string, what: KillReport['what'], detail?: string): void =>
    onReport?.({
      ...{ atMs: Math.round(performance.now() - started), victim, what },
      ...(detail === undefined ? {} : { detail }),
    });
  const restarts = new Map<string, Promise<void>>();

  const restart = async (name: string, victim: Victim, downMs: number): Promise<void> => {
    await sleep(downMs);
    const deadline = performance.now() + startWithinMs;
    for (;;) {
      try {
        await within(victim.start(), deadline - performance.now());
        report(name, 'ready');
        return;
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error);
        report(name, 'not started', detail);
        if (performance.now() > deadline)
          throw new Error(`${name} did not come back: ${detail}`, { cause: error });
        await sleep(250);
      }
    }
  };

  for (const { victim: name, afterMs, downMs } of plan) {
    await sleep(afterMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    if (signal?.aborted === true) break;
    const victim = victims[name];
    if (victim === undefined) throw new RangeError(`There is no victim called ${name}.`);
    await restarts.get(name);
    await victim.kill();
    report(name, 'killed');
    const restarting = restart(name, victim, downMs);
    restarting.catch(() => undefined); // awaited at the victim's next turn, or at the end
    restarts.set(name, restarting);
  }
  await Promise.all(restarts.values());
}

async function within(work: Promise<unknown>, ms: number): Promise<void> {
  const timer = new AbortController();
  const late = sleep(Math.max(0, ms), undefined, { signal: timer.signal }).then(() => {
    throw new Error('it is not ready in time');
  });
  late.catch(() => undefined);
  try {
    await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}

/** Kills a service at the instant at which it writes something that matches. */
export async function killWhen(service: ServiceProcess, output: RegExp): Promise<void> {
  await service.saw(output);
  await service.kill('SIGKILL');
}

/** Kills a service a while from now. */
export async function killAfter(service: ServiceProcess, ms: number): Promise<void> {
  await sleep(ms);
  await service.kill('SIGKILL');
}
