import { join } from 'node:path';

import { afterEach, describe, expect, it } from '@jest/globals';

import { eventually } from './eventually.ts';
import {
  killAfter,
  type KillReport,
  killWhen,
  planKills,
  runKills,
  victimOf,
} from './process-killer.ts';
import { startService } from './service-process.ts';
import { type SupervisedService, superviseService } from './supervised-service.ts';

const file = join(import.meta.dirname, '..', 'test', 'stand-in.ts');
const usual = {
  ...{ seed: 11, kills: 40, weights: { a: 3, b: 1, c: 0 } },
  ...{ afterMs: [10, 20] as const, downMs: [0, 5] as const },
};

describe('a plan of kills', () => {
  it('is the same for the same seed', () => {
    expect(planKills(usual)).toEqual(planKills(usual));
    expect(planKills(usual)).not.toEqual(planKills({ ...usual, seed: 12 }));
  });

  it('hits each by its weight, at pauses within the limits', () => {
    const plan = planKills({ ...usual, kills: 1000 });
    const hits = plan.filter(({ victim }) => victim === 'a').length;
    expect(hits).toBeGreaterThan(700);
    expect(hits).toBeLessThan(800);
    expect(plan.every(({ victim }) => victim !== 'c')).toBe(true);
    for (const { afterMs, downMs } of plan) {
      expect(afterMs >= 10 && afterMs <= 20).toBe(true);
      expect(downMs >= 0 && downMs <= 5).toBe(true);
    }
  });

  it('leaves nobody out, and plans nothing where there is nobody', () => {
    const weights = { a: 1000, b: 1 };
    expect(planKills({ ...usual, weights, kills: 2 }).map(({ victim }) => victim)).toEqual([
      'a',
      'b',
    ]);
    expect(planKills({ ...usual, weights: {} })).toEqual([]);
  });
});

describe('the killer', () => {
  const started: SupervisedService[] = [];
  const supervised = async (): Promise<SupervisedService> => {
    const service = await superviseService({ file });
    started.push(service);
    return service;
  };
  afterEach(async () => {
    await Promise.all(started.splice(0).map((service) => service.stop()));
  });

  it('kills real processes by plan and has them all ready again at the end', async () => {
    const victims = { one: await supervised(), two: await supervised() };
    const before = [victims.one.process()?.pid, victims.two.process()?.pid];
    const reports: KillReport[] = [];
    const plan = planKills({ ...usual, kills: 6, weights: { one: 1, two: 1 } });
    await runKills({ plan, victims, onReport: (report) => reports.push(report) });
    const killed = reports.filter(({ what }) => what === 'killed');
    expect(killed.map(({ victim }) => victim)).toEqual(plan.map(({ victim }) => victim));
    expect(reports.filter(({ what }) => what === 'ready')).toHaveLength(6);
    for (const [index, victim] of Object.values(victims).entries()) {
      expect(victim.process()?.pid).not.toBe(before[index]);
      expect(victim.endings()).toEqual([]);
    }
  });

  it('asks a victim again that cannot start yet, and names one that does not come back', async () => {
    let refusals = 2;
    const stubborn = {
      kill: () => Promise.resolve(),
      start: () => (refusals-- > 0 ? Promise.reject(new Error('no database')) : Promise.resolve()),
    };
    const reports: string[] = [];
    const plan = [{ victim: 'it', afterMs: 0, downMs: 0 }];
    await runKills({
      plan,
      victims: { it: stubborn },
      onReport: ({ what }) => reports.push(what),
    });
    expect(reports).toEqual(['killed', 'not started', 'not started', 'ready']);
    const dead = { ...stubborn, start: () => Promise.reject(new Error('no disk')) };
    await expect(runKills({ plan, victims: { it: dead }, startWithinMs: 0 })).rejects.toThrow(
      'it did not come back: no disk',
    );
    const slow = { ...stubborn, start: () => new Promise(() => undefined) };
    await expect(runKills({ plan, victims: { it: slow }, startWithinMs: 20 })).rejects.toThrow(
      'it did not come back: it is not ready in time',
    );
    await expect(runKills({ plan, victims: {} })).rejects.toThrow('no victim called it');
  });

  it('stops when it is told to', async () => {
    const reports: string[] = [];
    const victim = { kill: () => Promise.resolve(), start: () => Promise.resolve() };
    await runKills({
      plan: [{ victim: 'it', afterMs: 60_000, downMs: 0 }],
      victims: { it: victim },
      onReport: ({ what }) => reports.push(what),
      signal: AbortSignal.timeout(20),
    });
    expect(reports).toEqual([]);
  });

  it('takes a service process for a victim', async () => {
    const service = await startService({ file });
    const { pid } = service;
    const plan = [{ victim: 'it', afterMs: 0, downMs: 0 }];
    await runKills({ plan, victims: { it: victimOf(service) } });
    expect(service.pid).not.toBe(pid);
    await service.stop();
  });

  it('kills at a chosen instant', async () => {
    const service = await startService({ file });
    const killed = { code: null, signal: 'SIGKILL' };
    await killWhen(service, /listening/);
    expect(await service.exited()).toEqual(killed);
    await service.restart();
    await killAfter(service, 5);
    expect(await service.exited()).toEqual(killed);
  });

  it('finds a service that ended by itself started again, and counted', async () => {
    const service = await supervised();
    const pid = service.process()?.pid ?? 0;
    process.kill(pid, 'SIGABRT');
    await eventually(() => {
      const now = service.process()?.pid;
      expect(now).toBeDefined();
      expect(now).not.toBe(pid);
    });
    expect(service.endings()).toEqual([expect.stringContaining('SIGABRT')]);
    await service.kill();
    expect(service.process()).toBeUndefined();
    await service.start();
    expect(service.process()).toBeDefined();
    expect(service.endings()).toHaveLength(1);
  });
});
