import { rmSync } from 'node:fs';

import type { Layout } from './layout.ts';
import { describeProcess, type Lock } from './lock.ts';
import { unlessDiskFull, writePrivate } from './private-file.ts';
import type { Progress } from './progress.ts';
import { Refusal } from './refusal.ts';
import type { RestartPolicy } from './restart-policy.ts';
import type { Site } from './service-list.ts';
import { newsOf } from './service-news.ts';
import { type Running, supervise, type Supervisor } from './supervisor.ts';

export type KeptProcess = {
  readonly name: string;
  readonly launch: () => Running | Promise<Running>;
  readonly stopWithinMs: number;
  /** How long it may take to become ready, milliseconds. */
  readonly readyWithinMs: number;
};

/** The processes of a site that are kept running. */
export type Processes = {
  /** @throws Refusal where it does not become ready */
  readonly start: (kept: KeptProcess) => Promise<void>;
  /** From now on the command lines that look for a site find this one. */
  readonly announce: () => void;
  readonly list: () => { readonly name: string; readonly pid: number | undefined }[];
  /** Ends all: first the facade, which lets requests in flight finish, then the services together, then PostgreSQL. */
  readonly stop: () => Promise<void>;
};

export type ProcessesOptions = {
  readonly site: Site;
  readonly port: number;
  readonly layout: Layout;
  readonly policy: RestartPolicy;
  readonly progress: Progress;
  readonly lock: Lock;
};

/** PostgreSQL finds its own leftovers by its own pid file. */
export const postgres = 'postgres';

export function keepProcesses({
  site,
  port,
  layout,
  policy,
  progress,
  lock,
}: ProcessesOptions): Processes {
  const startedAt = new Date().toISOString();
  const kept: { supervisor: Supervisor; stopWithinMs: number }[] = [];
  let announced = false;

  const list = (): { name: string; pid: number | undefined }[] =>
    kept.map(({ supervisor }) => ({ name: supervisor.name, pid: supervisor.pid() }));

  /** Writes down which processes run: for the next start, and for the command lines that look for a site. */
  const writeDown = (): void => {
    const all = list();
    const services = all.filter(({ name }) => name !== postgres);
    lock.note(
      services.flatMap(({ name, pid }) => (pid === undefined ? [] : [describeProcess(name, pid)])),
    );
    if (!announced) return;
    const instance = {
      pid: process.pid,
      url: site.url(port),
      operatorUrl: site.operatorUrl(port),
      services: site.services.map(({ name, url }) => ({
        name,
        pid: all.find((process) => process.name === name)?.pid ?? null,
        url: url(port),
      })),
      startedAt,
    };
    unlessDiskFull(() =>
      writePrivate(layout.instanceFile, `${JSON.stringify(instance, null, 2)}\n`),
    );
  };

  return {
    list,
    async start({ name, launch, stopWithinMs, readyWithinMs }) {
      const supervisor = supervise({
        name,
        launch,
        policy,
        on: (event) => {
          writeDown();
          const news = newsOf(name, event, policy, layout.logFile(name));
          if (news !== undefined) progress.news(news);
        },
      });
      kept.push({ supervisor, stopWithinMs });
      const outcome = await withLimit(supervisor.start(), readyWithinMs);
      if (outcome === true) return;
      const what =
        outcome === 'late' ? `is not ready after ${readyWithinMs / 1000} s` : 'does not stay up';
      throw new Refusal(
        `New Science cannot start because its ${name} ${what}: see ${layout.logFile(name)}, then start again.`,
      );
    },
    announce: () => {
      announced = true;
      writeDown();
    },
    stop: async () => {
      // PostgreSQL was started first, the facade last.
      for (const together of [kept.slice(1).slice(-1), kept.slice(1, -1), kept.slice(0, 1)]) {
        await Promise.all(
          together.map(({ supervisor, stopWithinMs }) => supervisor.stop(stopWithinMs)),
        );
      }
      rmSync(layout.instanceFile, { force: true });
    },
  };
}

async function withLimit<T>(work: Promise<T>, limitMs: number): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>(
    (resolve) => (timer = setTimeout(() => resolve('late'), limitMs)),
  );
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
