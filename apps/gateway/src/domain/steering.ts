import { compileMatcher } from './matcher.ts';
import { readRequestPath } from './request-path.ts';
import { DEFAULT_ROUTE_ID, type Route } from './route.ts';
import type { RouteTable } from './route-table.ts';
import { answeredBy, type StageName } from './stage.ts';
import { MONOLITH, resolveTarget, type TargetPolicy, type Upstream } from './target.ts';

/** Where one request goes. */
export type Steer = { routeId: string; stage: StageName; upstream: Upstream };

/** A table made ready for use: immutable, so that exchanging it whole is all that a change needs. */
export type Steering = {
  table: RouteTable;
  /** Never throws, whatever a client sends. */
  steer: (method: string, target: string) => Steer;
  /** Routes whose target this instance does not know or allow: they stay with the monolith. */
  unresolved: readonly Route[];
};

/** The monolith's origin must be in the policy: without it there would be nothing to fall back to. */
export function prepareSteering(table: RouteTable, policy: TargetPolicy): Steering {
  const monolith = monolithOf(policy);
  const fallback: Steer = { routeId: DEFAULT_ROUTE_ID, stage: 'monolith', upstream: monolith };
  const unresolved: Route[] = [];
  const entries = [...table.routes.values()].map((route) => {
    const upstream = upstreamOf(route, policy, monolith);
    if (upstream === undefined) unresolved.push(route);
    const value: Steer = {
      routeId: route.id,
      stage: route.stage.name,
      upstream: upstream ?? monolith,
    };
    return { pattern: route.pattern, methods: route.methods, value };
  });
  const match = compileMatcher(entries);
  return {
    table,
    unresolved,
    steer: (method, target) => {
      const path = readRequestPath(target);
      return path.kind === 'ambiguous' ? fallback : (match(method, path.segments) ?? fallback);
    },
  };
}

function upstreamOf(route: Route, policy: TargetPolicy, monolith: Upstream): Upstream | undefined {
  return answeredBy(route.stage) === 'monolith' ? monolith : resolveTarget(route.target, policy);
}

function monolithOf(policy: TargetPolicy): Upstream {
  const origin = policy.upstreams.get(MONOLITH);
  if (origin === undefined) throw new Error('the target policy names no monolith');
  return { name: MONOLITH, origin };
}
