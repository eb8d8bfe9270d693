import { z } from 'zod';
import { parseMethods } from '../domain/methods.ts';
import { parsePathPattern } from '../domain/path-pattern.ts';
import type { Route, RouteContent } from '../domain/route.ts';
import { parseStage, type Stage } from '../domain/stage.ts';
import { targetFromText, targetText } from '../domain/target.ts';

/** A stage as it is stored: the union itself. */
const storedStage = z.looseObject({ name: z.string() });

/** A route as it is stored, in a row or in a snapshot. */
export const storedRoute = z.object({
  id: z.string(),
  path: z.string(),
  methods: z.array(z.string()),
  target: z.string(),
  stage: storedStage,
  revision: z.int().nonnegative(),
  lastChange: z.object({
    at: z.iso.datetime(),
    actor: z.object({ id: z.string(), name: z.string() }),
    why: z.string(),
  }),
});

export type StoredRoute = z.output<typeof storedRoute>;

/** A stored table that this version of the gateway cannot read. It is taken whole or not at all. */
export class UnreadableTable extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(`the stored route table cannot be read: ${detail}`, options);
    this.name = 'UnreadableTable';
  }
}

export function toStored(route: Route): StoredRoute {
  const { id, revision, lastChange } = route;
  return { id, ...storedContent(route), revision, lastChange };
}

/** What a route says, as it stands in the audit log too. */
export function storedContent({ pattern, methods, target, stage }: RouteContent) {
  return {
    path: pattern.source,
    methods: methods.kind === 'any' ? [] : [...methods.names],
    target: targetText(target),
    stage,
  };
}

/**
 * Reads a stored route by the rules that it was written by. Whether its target is allowed is not asked
 * here: that is a matter of this instance's configuration.
 *
 * @throws UnreadableTable
 */
export function fromStored(stored: unknown): Route {
  const parsed = storedRoute.safeParse(stored);
  if (!parsed.success) throw new UnreadableTable(z.prettifyError(parsed.error));
  const { id, revision, lastChange } = parsed.data;
  return {
    id,
    pattern: readOrThrow(id, parsePathPattern(parsed.data.path)),
    methods: readOrThrow(id, parseMethods(parsed.data.methods)),
    target: targetFromText(parsed.data.target),
    stage: stageFromStored(id, parsed.data.stage),
    revision,
    lastChange,
  };
}

function stageFromStored(id: string, { name }: { name: string }): Stage {
  const stage = parseStage(name);
  if (stage.ok) return stage.value;
  // A newer version wrote it: better the table as it was than a guess.
  throw new UnreadableTable(
    `route "${id}" is at stage "${name}", which this version does not know`,
  );
}

type Read<T> =
  { ok: true; value: T } | { ok: false; error: readonly { problem: string; value: string }[] };

function readOrThrow<T>(id: string, read: Read<T>): T {
  if (read.ok) return read.value;
  const faults = read.error.map(({ value, problem }) => `"${value}": ${problem}`).join('; ');
  throw new UnreadableTable(`route "${id}": ${faults}`);
}
