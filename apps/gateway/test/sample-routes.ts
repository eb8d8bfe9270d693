import { draftRoute, type Occasion, type Route, type RouteContent } from '../src/domain/route.ts';
import type { RouteTable } from '../src/domain/route-table.ts';
import type { TargetPolicy } from '../src/domain/target.ts';

export const policy: TargetPolicy = {
  upstreams: new Map([
    ['monolith', 'http://127.0.0.1:8082'],
    ['search', 'http://127.0.0.1:8083'],
    ['articles', 'http://127.0.0.1:8084'],
  ]),
  allowedHosts: new Set(),
  own: { hosts: new Set(), ports: new Set([8080, 8081]) },
};

export const occasion: Occasion = {
  at: '2026-01-05T09:00:00.000Z',
  actor: { id: '11111111-1111-4111-8111-111111111111', name: 'Ada' },
  why: 'first extraction',
};

export type Sample = { path: string; methods?: string[]; target?: string; stage?: string };

/** The content of a route, read from what an operator would write. */
export function content({
  path,
  methods = [],
  target = 'search',
  stage = 'cutover',
}: Sample): RouteContent {
  const draft = draftRoute({ id: 'sample', path, methods, target, stage }, policy);
  if (!draft.ok) throw new Error(JSON.stringify(draft.error));
  return draft.value;
}

/** A table with these routes, each at the revision of its place. */
export function tableOf(samples: Readonly<Record<string, Sample>>): RouteTable {
  const routes = Object.entries(samples).map(([id, sample], index): [string, Route] => [
    id,
    { ...content(sample), id, revision: index + 1, lastChange: occasion },
  ]);
  return { revision: routes.length, routes: new Map(routes) };
}
