import { err, ok, type Result } from '@newscience/service-kit/result';
import { z } from 'zod';

import type { Docker, DockerFault } from './docker.ts';

/** One container of the stack, as it stands now. */
export type Container = {
  readonly service: string;
  readonly id: string;
  readonly state: string;
  /** `healthy`, `unhealthy`, `starting`; empty where it has no health check. */
  readonly health: string;
  readonly exitCode: number;
};

/** What a service has come to: a union, because each says something else. */
export type Standing =
  | { readonly kind: 'ready' }
  /** A one-shot that has done its work. */
  | { readonly kind: 'done' }
  | { readonly kind: 'waiting'; readonly detail: string }
  | { readonly kind: 'failed'; readonly detail: string };

export type Service = {
  readonly service: string;
  readonly container: Container | undefined;
  readonly standing: Standing;
};

const containerLine = z
  .object({
    Service: z.string(),
    ID: z.string(),
    State: z.string(),
    Health: z.string(),
    ExitCode: z.number(),
  })
  .transform(({ Service, ID, State, Health, ExitCode }): Container => ({
    service: Service,
    id: ID,
    state: State,
    health: Health,
    exitCode: ExitCode,
  }));
const composeFile = z.object({
  name: z.string(),
  services: z.record(z.string(), z.object({ restart: z.string().optional() })),
});

/** All services of the compose file in the order of their names, each with what it has come to. */
export async function readStack(docker: Docker): Promise<Result<Service[], DockerFault>> {
  const file = await docker('compose', 'config', '--format', 'json');
  if (!file.ok) return file;
  const listed = await docker('compose', 'ps', '--all', '--format', 'json');
  if (!listed.ok) return listed;
  const declared = composeFile.safeParse(parseJson(file.value));
  if (!declared.success) return err(notUnderstood('docker compose config'));
  const containers: Container[] = [];
  for (const line of listed.value.split('\n').filter((each) => each.trim() !== '')) {
    const container = containerLine.safeParse(parseJson(line));
    if (!container.success) return err(notUnderstood('docker compose ps'));
    containers.push(container.data);
  }
  return ok(
    Object.entries(declared.data.services)
      .sort(([one], [other]) => one.localeCompare(other))
      .map(([service, { restart }]) => {
        const container = containers.find((each) => each.service === service);
        return { service, container, standing: standingOf(container, restart === 'no') };
      }),
  );
}

/** What a service has come to. A one-shot is done when it ended with 0; all others have to run, and to be healthy. */
export function standingOf(container: Container | undefined, oneShot: boolean): Standing {
  if (container === undefined) return { kind: 'waiting', detail: 'has no container yet' };
  const { state, health, exitCode } = container;
  if (state === 'exited') {
    if (oneShot && exitCode === 0) return { kind: 'done' };
    return { kind: 'failed', detail: `ended with ${exitCode}` };
  }
  if (state === 'dead') return { kind: 'failed', detail: 'is dead' };
  if (oneShot || state !== 'running') return { kind: 'waiting', detail: `is ${state}` };
  if (health === 'healthy' || health === '') return { kind: 'ready' };
  // An unhealthy one may come back: Docker restarts it, and what it waits for may be late.
  return { kind: 'waiting', detail: `is ${health}` };
}

function notUnderstood(command: string): DockerFault {
  return { code: 'refused', detail: `what "${command}" says is not understood` };
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
