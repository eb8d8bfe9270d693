import { methodsTake } from './methods.ts';
import { firstMismatch } from './path-pattern.ts';
import { AMBIGUITY_IN_WORDS, readRequestPath } from './request-path.ts';
import { comparePrecedence, DEFAULT_ROUTE_ID, type Route } from './route.ts';
import type { Steer, Steering } from './steering.ts';

export type Candidate = {
  route: Route;
  outcome: 'chosen' | 'less_specific' | 'method_not_taken' | 'path_not_taken' | 'path_ambiguous';
  because: string;
};

export type Explanation = {
  decision: Steer;
  because: string;
  /** The path as it was compared, segment by segment, decoded; `null` where it is ambiguous. */
  readAs: readonly string[] | null;
  /** Every route of the table, in the order of precedence. */
  candidates: readonly Candidate[];
};

/**
 * Says which route takes a request and why each other does not. Reads the rules plainly, route by route,
 * instead of walking the compiled tree; a property test holds the two together.
 */
export function explain(steering: Steering, method: string, target: string): Explanation {
  const decision = steering.steer(method, target);
  const routes = [...steering.table.routes.values()].sort(comparePrecedence);
  const path = readRequestPath(target);
  if (path.kind === 'ambiguous') {
    const because = AMBIGUITY_IN_WORDS[path.because];
    const candidates = routes.map((route): Candidate => ({
      route,
      outcome: 'path_ambiguous',
      because,
    }));
    return {
      decision,
      because: `${because}; such a path is never steered`,
      readAs: null,
      candidates,
    };
  }
  let chosen: Route | undefined;
  const candidates = routes.map((route): Candidate => {
    const mismatch = firstMismatch(route.pattern, path.segments);
    if (mismatch !== undefined) return { route, outcome: 'path_not_taken', because: mismatch };
    if (!methodsTake(route.methods, method)) {
      const names = route.methods.kind === 'only' ? route.methods.names.join(', ') : '';
      return { route, outcome: 'method_not_taken', because: `takes ${names} only` };
    }
    if (chosen !== undefined)
      return { route, outcome: 'less_specific', because: lostTo(route, chosen) };
    chosen = route;
    return {
      route,
      outcome: 'chosen',
      because: 'the most specific route that takes path and method',
    };
  });
  return {
    decision,
    because: inWords(decision, chosen, steering),
    readAs: path.segments,
    candidates,
  };
}

function inWords(decision: Steer, chosen: Route | undefined, { unresolved }: Steering): string {
  if (chosen === undefined) return `no route takes it, so the route "${DEFAULT_ROUTE_ID}" does`;
  if (unresolved.includes(chosen))
    return `route "${chosen.id}" takes it, but this instance does not know its target, so the monolith answers`;
  if (decision.stage === 'monolith')
    return `route "${chosen.id}" takes it, and at stage "monolith" the monolith answers`;
  return `route "${chosen.id}" takes it, and at stage "${decision.stage}" ${decision.upstream.name} answers`;
}

function lostTo(route: Route, winner: Route): string {
  for (const [index, segment] of winner.pattern.segments.entries()) {
    const own = route.pattern.segments[index];
    if (own?.kind !== segment.kind) {
      return `route "${winner.id}" is more specific: at segment ${index + 1} it has a ${nameOf(segment.kind)}, this one ${nameOf(own?.kind)}`;
    }
  }
  return `route "${winner.id}" has the same path and names the method`;
}

function nameOf(kind: 'literal' | 'param' | 'tail' | undefined): string {
  if (kind === 'tail') return '"*"';
  return kind === undefined ? 'nothing' : kind === 'param' ? 'parameter' : 'literal';
}
