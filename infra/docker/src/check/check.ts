import { setTimeout as sleep } from 'node:timers/promises';
import { ok, type Result } from '@newscience/service-kit/result';

import type { Docker, DockerFault } from './docker.ts';
import { readMemory } from './memory.ts';
import type { Report } from './report.ts';
import { readStack, type Service } from './stack.ts';
import { walk, type WalkOptions } from './walk.ts';

export type CheckOptions = WalkOptions & {
  readonly docker: Docker;
  /** How long to wait for all services, milliseconds. 0 looks once. */
  readonly withinMs: number;
  /** Told what is still waited for, whenever that changes. */
  readonly onWaiting?: (services: readonly string[]) => void;
};

/**
 * Waits until each service of the stack is ready or done, walks through the site, and measures memory after that, when
 * all have worked. A stack that is not started at all is not waited for.
 */
export async function check(options: CheckOptions): Promise<Result<Report, DockerFault>> {
  const { docker, withinMs } = options;
  const started = Date.now();
  const stack = await waitFor(docker, started + withinMs, options.onWaiting ?? (() => undefined));
  if (!stack.ok) return stack;
  const waitedMs = Date.now() - started;
  const serving = stack.value.some(({ standing }) => standing.kind === 'ready');
  const steps = serving ? await walk(options) : [];
  const ids = stack.value.flatMap(({ standing, container }) =>
    standing.kind === 'ready' && container !== undefined ? [container.id] : [],
  );
  const memory = await readMemory(docker, ids);
  if (!memory.ok) return memory;
  const services = stack.value.map((service) => ({
    ...service,
    memory: memory.value.get(service.container?.id.slice(0, 12) ?? ''),
  }));
  return ok({ services, steps, waitedMs });
}

async function waitFor(
  docker: Docker,
  until: number,
  onWaiting: (services: readonly string[]) => void,
): Promise<Result<Service[], DockerFault>> {
  let told = '';
  for (;;) {
    const stack = await readStack(docker);
    if (!stack.ok) return stack;
    const waiting = stack.value.filter(({ standing }) => standing.kind === 'waiting');
    const failed = stack.value.some(({ standing }) => standing.kind === 'failed');
    const started = stack.value.some(({ container }) => container !== undefined);
    if (waiting.length === 0 || failed || !started || Date.now() >= until) return stack;
    const names = waiting.map(({ service }) => service);
    if (names.join() !== told) onWaiting(names);
    told = names.join();
    await sleep(1000);
  }
}
