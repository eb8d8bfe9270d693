import type { RouteFault } from './fault.ts';
import { compareMethods, contested, parseMethods, type Methods } from './methods.ts';
import { compareSpecificity, parsePathPattern, type PathPattern } from './path-pattern.ts';
import { err, ok, type Result } from './result.ts';
import { parseStage, type Stage } from './stage.ts';
import { parseTarget, targetText, type Target, type TargetPolicy } from './target.ts';

/** What a route says, without its history. */
export type RouteContent = { pattern: PathPattern; methods: Methods; target: Target; stage: Stage };

/** `id` is what the identity provider calls the person for good; `name` is for people to read. */
export type Actor = { id: string; name: string };

/** Who did something, when (ISO 8601, UTC) and why. */
export type Occasion = { at: string; actor: Actor; why: string };

/** `revision` is the table's revision of the route's last change: it never comes twice, not even after a removal. */
export type Route = RouteContent & { id: string; revision: number; lastChange: Occasion };

/** The route that takes what no other takes. It is not in the table, so nothing can remove it. */
export const DEFAULT_ROUTE_ID = 'default';

/** `explain` would be shadowed by the operation of that name. */
const RESERVED_IDS: readonly string[] = [DEFAULT_ROUTE_ID, 'explain'];

const ROUTE_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

export type WrittenRoute = {
  id: string;
  path: string;
  methods: readonly string[];
  target: string;
  stage: string;
};

/** Checks everything that an operator wrote about a route; all faults at once. */
export function draftRoute(
  written: WrittenRoute,
  policy: TargetPolicy,
): Result<RouteContent, RouteFault[]> {
  const pattern = parsePathPattern(written.path);
  const methods = parseMethods(written.methods);
  const target = parseTarget(written.target, policy);
  const stage = parseStage(written.stage);
  const badId = faultOfId(written.id);
  if (badId === undefined && pattern.ok && methods.ok && target.ok && stage.ok) {
    return ok({
      pattern: pattern.value,
      methods: methods.value,
      target: target.value,
      stage: stage.value,
    });
  }
  return err([
    ...(badId === undefined ? [] : [badId]),
    ...(pattern.ok ? [] : pattern.error),
    ...(methods.ok ? [] : methods.error),
    ...(target.ok ? [] : [target.error]),
    ...(stage.ok ? [] : [stage.error]),
  ]);
}

function faultOfId(id: string): RouteFault | undefined {
  const at = { code: 'id_invalid', pointer: '/id', value: id } as const;
  if (!ROUTE_ID.test(id)) {
    return {
      ...at,
      problem: 'not a route id',
      remedy: 'use lower-case letters, digits and "-", starting with a letter or digit, at most 63',
    };
  }
  if (RESERVED_IDS.includes(id))
    return {
      ...at,
      problem: `"${id}" is taken by the gateway itself`,
      remedy: 'choose another id',
    };
  return undefined;
}

/**
 * The order in which routes are asked: the most specific pattern first, and of two with the same shape
 * the one that names its methods. No two routes of a table are equal in this order for any method,
 * because such a second one is refused when it is written.
 */
export function comparePrecedence(a: RouteContent, b: RouteContent): number {
  return compareSpecificity(a.pattern, b.pattern) || compareMethods(a.methods, b.methods);
}

/** The methods that two routes of the same shape would both claim; empty where they do not collide. */
export function collision(a: RouteContent, b: RouteContent): readonly string[] {
  return compareSpecificity(a.pattern, b.pattern) === 0 ? contested(a.methods, b.methods) : [];
}

export function sameContent(a: RouteContent, b: RouteContent): boolean {
  return sameButForStage(a, b) && a.stage.name === b.stage.name;
}

export function sameButForStage(a: RouteContent, b: RouteContent): boolean {
  return (
    a.pattern.source === b.pattern.source &&
    methodsText(a.methods) === methodsText(b.methods) &&
    targetText(a.target) === targetText(b.target)
  );
}

function methodsText(methods: Methods): string {
  return methods.kind === 'any' ? '' : methods.names.join();
}
