import { defineProblems, type DomainError, type Fault } from '@newscience/service-kit/problem';
import type { RouteFault } from './domain/fault.ts';
import { targetText } from './domain/target.ts';
import type { AdministrationError } from './route-administration.ts';

/** What the operator API refuses, and with which status. */
export const problems = defineProblems({
  route_invalid: { status: 400, title: 'The route is not valid' },
  id_invalid: { status: 400, title: 'The route id is not valid' },
  path_invalid: { status: 400, title: 'The path pattern is not valid' },
  methods_invalid: { status: 400, title: 'The methods are not valid' },
  target_invalid: { status: 400, title: 'The target is not valid' },
  target_unknown: { status: 400, title: 'There is no such upstream' },
  target_not_allowed: { status: 400, title: 'Routes may not lead there' },
  stage_unknown: { status: 400, title: 'There is no such stage' },
  route_not_found: { status: 404, title: 'There is no such route' },
  route_default_fixed: { status: 409, title: 'The default route cannot be changed' },
  route_duplicate: { status: 409, title: 'Another route takes the same requests' },
  route_stage_refused: { status: 409, title: 'The route cannot go to that stage' },
  route_table_full: { status: 409, title: 'The route table is full' },
  target_unreachable: { status: 409, title: 'The target does not answer' },
  route_revision_conflict: { status: 412, title: 'The route has changed meanwhile' },
  precondition_required: { status: 428, title: 'Say which revision is meant' },
});

export type ProblemCode = keyof typeof problems;

/** The refusal as the service kit sends it. */
export function domainErrorOf(error: AdministrationError): DomainError & { code: ProblemCode } {
  switch (error.code) {
    case 'route_invalid':
      return invalid(error.faults);
    case 'route_not_found':
      return { code: error.code, detail: `No route has the id "${error.id}".` };
    case 'route_default_fixed': {
      const detail = 'The default route takes what no other takes, to the monolith, and stays.';
      return { code: error.code, detail: `${detail} Define a more specific route instead.` };
    }
    case 'route_duplicate': {
      const { other, methods } = error;
      const detail = `Route "${other.id}" (${other.pattern.source}) takes the same path for ${methods.join(', ')}.`;
      return {
        code: error.code,
        detail: `${detail} Change or remove that one, or name other methods.`,
      };
    }
    case 'route_stage_refused': {
      const { id, to, because } = error;
      return {
        code: error.code,
        detail: `Route "${id}" cannot go to stage "${to.name}": ${because}.`,
      };
    }
    case 'route_table_full':
      return {
        code: error.code,
        detail: `The table holds ${error.limit} routes, which is the most.`,
      };
    case 'target_unreachable': {
      const detail = `${error.target} does not answer (${error.because}).`;
      const remedy = 'Start it, or repeat with force=true to take it all the same.';
      return { code: error.code, detail: `${detail} ${remedy}`, retryable: true };
    }
    case 'route_revision_conflict':
      return { code: error.code, detail: conflictDetail(error) };
  }
}

function invalid(faults: readonly RouteFault[]): DomainError & { code: ProblemCode } {
  const codes = [...new Set(faults.map(({ code }) => code))];
  const [only] = codes;
  const first = faults[0];
  const detail =
    faults.length === 1 && first !== undefined
      ? `"${first.value}": ${problemText(first)}. Remedy: ${first.remedy}.`
      : `${faults.length} things are wrong with the route. See faults.`;
  return {
    code: codes.length === 1 && only !== undefined ? only : 'route_invalid',
    detail,
    faults: faults.map((fault): Fault => ({
      pointer: fault.code === 'id_invalid' ? '/params/id' : `/body${fault.pointer}`,
      value: fault.value.length > 100 ? `${fault.value.slice(0, 100)}…` : fault.value,
      problem: problemText(fault),
      remedy: fault.remedy,
    })),
  };
}

function problemText({ position, problem }: RouteFault): string {
  return position === undefined ? problem : `at character ${position}: ${problem}`;
}

function conflictDetail({
  id,
  expected,
  current,
}: Extract<AdministrationError, { code: 'route_revision_conflict' }>): string {
  if (current === null) return `Route "${id}" is not there (any more): it may have been removed.`;
  const { lastChange, revision, stage, target } = current;
  const last = `${lastChange.actor.name} changed it at ${lastChange.at} ("${lastChange.why}")`;
  const now = `it is at revision ${revision}, stage "${stage.name}", target ${targetText(target)}`;
  const asked = expected.kind === 'absent' ? 'not to exist' : `at revision ${expected.revision}`;
  return `You expected route "${id}" ${asked}; ${now}. ${last}. Look at it, then decide again.`;
}
