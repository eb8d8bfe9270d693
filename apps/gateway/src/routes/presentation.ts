import type { z } from 'zod';
import type { CurrentTable } from '../current-table.ts';
import { explain } from '../domain/explain.ts';
import type { Methods } from '../domain/methods.ts';
import { comparePrecedence, DEFAULT_ROUTE_ID, type Route } from '../domain/route.ts';
import { answeredBy } from '../domain/stage.ts';
import {
  MONOLITH,
  resolveTarget,
  targetText,
  type TargetPolicy,
  type Upstream,
} from '../domain/target.ts';
import type { AuditEntry, RecordedState } from '../route-store.ts';
import type { FeedStatus } from '../table-feed.ts';
import type {
  auditPageSchema,
  explanationSchema,
  routeListSchema,
  routeSchema,
} from './schemas.ts';

type RouteJson = z.output<typeof routeSchema>;

/** A route as the operator API shows it. */
export function routeJson(route: Route, policy: TargetPolicy): RouteJson {
  const { id, pattern, methods, target, stage, revision, lastChange } = route;
  const monolith = monolithOf(policy);
  const upstream = answeredBy(stage) === 'monolith' ? monolith : resolveTarget(target, policy);
  return {
    id,
    path: pattern.source,
    methods: methodNames(methods),
    target: targetText(target),
    stage: stage.name,
    revision,
    lastChange: { at: lastChange.at, by: lastChange.actor, why: lastChange.why },
    answeredBy: upstream ?? monolith,
    resolved: upstream !== undefined,
  };
}

export function defaultRouteJson(policy: TargetPolicy): RouteJson {
  return {
    id: DEFAULT_ROUTE_ID,
    path: '*',
    methods: [],
    target: MONOLITH,
    stage: 'monolith',
    revision: 0,
    lastChange: null,
    answeredBy: monolithOf(policy),
    resolved: true,
  };
}

export function routeListJson(
  { steering, origin }: CurrentTable,
  { confirmedMs }: FeedStatus,
  policy: TargetPolicy,
): z.output<typeof routeListSchema> {
  const routes = [...steering.table.routes.values()].sort(comparePrecedence);
  return {
    revision: steering.table.revision,
    source: origin.kind,
    confirmedSecondsAgo: confirmedMs === undefined ? null : Math.round(confirmedMs / 100) / 10,
    items: [...routes.map((route) => routeJson(route, policy)), defaultRouteJson(policy)],
  };
}

export function explanationJson(
  { steering }: CurrentTable,
  method: string,
  path: string,
): z.output<typeof explanationSchema> {
  const { decision, because, readAs, candidates } = explain(steering, method, path);
  return {
    method,
    path,
    decision,
    because,
    readAs: readAs === null ? null : [...readAs],
    candidates: candidates.map(({ route, ...verdict }) => ({
      routeId: route.id,
      path: route.pattern.source,
      methods: methodNames(route.methods),
      stage: route.stage.name,
      ...verdict,
    })),
  };
}

/** `entries` may hold one more than `limit`, which says that there is another page. */
export function auditJson(
  entries: readonly AuditEntry[],
  limit: number,
): z.output<typeof auditPageSchema> {
  const page = entries.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(({ revision, occasion, event, routeId, from, to }) => ({
      revision,
      at: occasion.at,
      by: occasion.actor,
      why: occasion.why,
      event,
      routeId,
      from: stateJson(from),
      to: stateJson(to),
    })),
    nextCursor: entries.length > limit && last !== undefined ? String(last.revision) : null,
  };
}

function stateJson(state: RecordedState | null) {
  return state === null ? null : { ...state, stage: state.stage.name };
}

function methodNames(methods: Methods): string[] {
  return methods.kind === 'any' ? [] : [...methods.names];
}

function monolithOf(policy: TargetPolicy): Upstream {
  return { name: MONOLITH, origin: policy.upstreams.get(MONOLITH) ?? '' };
}
