import type { SiteError } from '@newscience/site-client/site-error';
import { columns, printable } from '@newscience/site-client/terminal-text';
import type { z } from 'zod';
import {
  conflictSchema,
  type auditPageSchema,
  type explanationSchema,
  type routeListSchema,
  type routeSchema,
} from '../routes/schemas.ts';

type Route = z.output<typeof routeSchema>;

const SOURCES = {
  database: 'from the database',
  snapshot: 'from the snapshot, because the database is away',
  default: 'none: neither database nor snapshot; the default route takes everything',
} as const;

/** The whole table as text. */
export function listText({ revision, source, items }: z.output<typeof routeListSchema>): string {
  const header = ['ID', 'PATH', 'METHODS', 'STAGE', 'ANSWERED BY', 'REVISION', 'LAST CHANGE'];
  const rows = items.map((route) => [
    route.id,
    route.path,
    methodsText(route.methods),
    route.stage,
    answeredByText(route),
    String(route.revision),
    changeText(route),
  ]);
  return `Route table, revision ${revision}, ${SOURCES[source]}\n\n${columns([header, ...rows])}`;
}

export function routeText(route: Route): string {
  return columns([
    ['Route', route.id],
    ['Path', route.path],
    ['Methods', methodsText(route.methods)],
    ['Stage', route.stage],
    ['Target', route.target],
    ['Answered by', answeredByText(route)],
    ['Revision', String(route.revision)],
    ['Last change', changeText(route)],
  ]);
}

export function explanationText({
  method,
  path,
  decision,
  because,
  readAs,
  candidates,
}: z.output<typeof explanationSchema>): string {
  const { routeId, stage, upstream } = decision;
  const first = `${method} ${path}: route ${routeId}, stage ${stage}, answered by ${upstream.name} (${upstream.origin})`;
  const read = readAs === null ? 'not read: ambiguous' : `/${readAs.join('/')}`;
  const considered = candidates.map((candidate) => [
    candidate.routeId,
    candidate.path,
    methodsText(candidate.methods),
    candidate.stage,
    candidate.outcome.replaceAll('_', ' '),
    candidate.because,
  ]);
  const header = ['ROUTE', 'PATH', 'METHODS', 'STAGE', 'OUTCOME', 'BECAUSE'];
  return [
    printable(first),
    printable(`Because ${because}.`),
    printable(`Path read as ${read}`),
    ...(considered.length === 0 ? [] : ['', columns([header, ...considered])]),
  ].join('\n');
}

export function auditText({ items, nextCursor }: z.output<typeof auditPageSchema>): string {
  if (items.length === 0) return 'No change has been made yet.';
  const header = ['REVISION', 'WHEN', 'WHO', 'ROUTE', 'WHAT', 'FROM', 'TO', 'WHY'];
  const rows = items.map(({ revision, at, by, routeId, event, from, to, why }) => [
    String(revision),
    at,
    by.name,
    routeId,
    event,
    stateText(from),
    stateText(to),
    why,
  ]);
  const more = nextCursor === null ? '' : `\n\nOlder ones: --cursor ${nextCursor}`;
  return columns([header, ...rows]) + more;
}

/** What went wrong and what to do, for a person. */
export function errorText(error: SiteError): string {
  const lines = [error.detail];
  if ('refusal' in error) {
    const { faults, body, code } = error.refusal;
    // A single fault of the route table is told by the detail; one of the request's form is not.
    if (faults.length > 1 || code === 'validation_failed') {
      for (const { pointer, problem, remedy } of faults) {
        lines.push(`  ${pointer}: ${problem}${remedy === undefined ? '' : `. Remedy: ${remedy}`}`);
      }
    }
    const conflict = conflictSchema.safeParse(body);
    if (conflict.success && conflict.data.current !== null) {
      lines.push('', 'It is now:', routeText(conflict.data.current));
    }
    if (code === 'target_unreachable') lines.push('On the command line that is --force.');
  }
  return lines.map((line) => line.split('\n').map(printable).join('\n')).join('\n');
}

type State = z.output<typeof auditPageSchema>['items'][number]['from'];

function stateText(state: State): string {
  if (state === null) return '-';
  if (state.path === undefined) return state.stage;
  return `${state.path} ${methodsText(state.methods ?? [])} ${state.stage} ${state.target ?? ''}`.trim();
}

function methodsText(methods: readonly string[]): string {
  return methods.length === 0 ? 'any' : methods.join(',');
}

function answeredByText({ answeredBy: { name, origin }, resolved, target }: Route): string {
  const where = origin.endsWith(`//${name}`) ? origin : `${name} (${origin})`;
  return resolved ? where : `${where}, target ${target} is not known here`;
}

function changeText({ lastChange }: Route): string {
  return lastChange === null ? '-' : `${lastChange.at} ${lastChange.by.name}: ${lastChange.why}`;
}
