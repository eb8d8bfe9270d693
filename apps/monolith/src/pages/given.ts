import { ProblemError } from '@newscience/service-kit/problem';
import type { DomainError } from '@newscience/service-kit/problem';
import type { Result } from '@newscience/service-kit/result';

/** The value; throws the error as a problem, which becomes a page of its own. */
export function given<T>(result: Result<T, DomainError>): T {
  if (result.ok) return result.value;
  throw new ProblemError(result.error);
}

/** Throws `not_found` with a sentence. */
export function notFound(detail: string): ProblemError {
  return new ProblemError({ code: 'not_found', detail });
}

/** A single `name=value` of the address, or null. */
export function parameter(query: Record<string, unknown>, name: string): string | null {
  const value = query[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
