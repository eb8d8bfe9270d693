import { ok, type Result } from '@newscience/service-kit/result';
import { z } from 'zod';

import type { Docker, DockerFault } from './docker.ts';
import { parseJson } from './stack.ts';

/** Bytes that a container holds, without the page cache, and the most that it may hold. */
export type Memory = { readonly bytes: number; readonly limitBytes: number };

const statsLine = z.object({ ID: z.string(), MemUsage: z.string() });

/** The memory of running containers, by the first twelve characters of their id. */
export async function readMemory(
  docker: Docker,
  ids: readonly string[],
): Promise<Result<ReadonlyMap<string, Memory>, DockerFault>> {
  if (ids.length === 0) return ok(new Map());
  const stats = await docker('stats', '--no-stream', '--format', '{{json .}}', ...ids);
  if (!stats.ok) return stats;
  const found = new Map<string, Memory>();
  for (const line of stats.value.split('\n')) {
    const parsed = statsLine.safeParse(parseJson(line));
    const memory = parsed.success ? parseUsage(parsed.data.MemUsage) : undefined;
    if (parsed.success && memory !== undefined) found.set(parsed.data.ID.slice(0, 12), memory);
  }
  return ok(found);
}

const units = new Map([
  ['B', 1],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
]);

/** Reads `60.94MiB / 400MiB`; undefined for anything else, as Docker writes it of a container that has just ended. */
export function parseUsage(text: string): Memory | undefined {
  const [used, limit, ...more] = text.split('/').map(bytesOf);
  if (used === undefined || limit === undefined || more.length > 0 || limit === 0) return undefined;
  return { bytes: used, limitBytes: limit };
}

function bytesOf(text: string): number | undefined {
  const [, number, unit = ''] = /^([\d.]+)([KMG]?i?B)$/.exec(text.trim()) ?? [];
  const factor = units.get(unit);
  return number === undefined || factor === undefined
    ? undefined
    : Math.round(Number(number) * factor);
}
