import { ProblemError } from '@newscience/service-kit/problem';
import type { Request } from 'express';
import type { AtRevision, Expected } from '../domain/route-table.ts';

/** A route's entity tag is its revision. */
export function etagOf(revision: number): string {
  return `"${revision}"`;
}

/** The revision that the operator looked at. Throws `precondition_required` where none is named. */
export function requireRevision(req: Request): AtRevision {
  const header = req.get('if-match');
  if (header === undefined) throw missing('Send If-Match with the revision that you looked at.');
  const revision = /^"(\d{1,15})"$/.exec(header.trim())?.[1];
  if (revision !== undefined) return { kind: 'revision', revision: Number(revision) };
  throw unreadable('if-match', header, 'Send the ETag of the route, as in If-Match: "7".');
}

/** As `requireRevision`, or `If-None-Match: *` for a route that must not be there yet. */
export function requireExpectation(req: Request): Expected {
  const header = req.get('if-none-match');
  if (header === undefined) {
    if (req.get('if-match') !== undefined) return requireRevision(req);
    throw missing(
      'Send If-Match with the revision to replace, or If-None-Match: * to make a route.',
    );
  }
  if (header.trim() === '*' && req.get('if-match') === undefined) return { kind: 'absent' };
  throw unreadable('if-none-match', header, 'Send If-None-Match: * alone, or If-Match: "7".');
}

function missing(detail: string): ProblemError {
  return new ProblemError({ code: 'precondition_required', detail });
}

function unreadable(header: string, value: string, remedy: string): ProblemError {
  const problem = 'is not a revision';
  const faults = [{ pointer: `/headers/${header}`, value: value.slice(0, 100), problem, remedy }];
  return new ProblemError({
    code: 'validation_failed',
    detail: `${header} ${problem}. ${remedy}`,
    faults,
  });
}
