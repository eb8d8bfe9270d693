import type { ServerResponse } from 'node:http';

/** What is wrong with one value of a request. `pointer` is a JSON pointer such as `/body/title`. */
export type Fault = {
  readonly pointer: string;
  readonly value?: unknown;
  readonly problem: string;
  readonly remedy?: string;
};

/**
 * An expected failure as data. `code` is stable and says which one; what it is in HTTP is declared by the
 * service's catalogue (`defineProblems`), not by the domain. `cause` is logged and never sent.
 */
export type DomainError = {
  readonly code: string;
  readonly detail: string;
  readonly retryable?: boolean;
  readonly cause?: unknown;
  readonly faults?: readonly Fault[];
  readonly retryAfterSeconds?: number;
};

/** What an error code is in HTTP. */
export type ProblemType = { readonly status: number; readonly title: string };

/** A catalogue: error code to what it is in HTTP. */
export type Problems = Readonly<Record<string, ProblemType>>;

const own = {
  validation_failed: { status: 400, title: 'The request is not valid' },
  malformed_json: { status: 400, title: 'The body is not JSON' },
  malformed_request: { status: 400, title: 'The request cannot be read' },
  unauthorized: { status: 401, title: 'Authentication is needed' },
  forbidden: { status: 403, title: 'Not allowed' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The media type is not supported' },
  internal_error: { status: 500, title: 'Something went wrong on our side' },
  unavailable: { status: 503, title: 'Not available right now' },
} as const satisfies Problems;

/** The codes that the kit itself answers with. Every catalogue has them. */
export const kitProblems: Problems & typeof own = own;

/**
 * Declares a service's error codes. The kit's own are part of every catalogue.
 * Throws when a code is not snake_case, takes one of the kit's, or has a status outside of 400 to 599.
 */
export function defineProblems<const P extends Problems>(problems: P): P & typeof own {
  const faults = Object.entries(problems).flatMap(([code, { status }]) => [
    ...(/^[a-z][a-z0-9_]*$/.test(code) ? [] : [`${code} is not snake_case`]),
    ...(code in own ? [`${code} is one of the kit's own codes`] : []),
    ...(Number.isInteger(status) && status >= 400 && status <= 599
      ? []
      : [`${code} should have a status from 400 to 599, got ${status}`]),
  ]);
  if (faults.length > 0) throw new Error(`The problem catalogue is wrong: ${faults.join('; ')}.`);
  return { ...problems, ...own };
}

/** Carries a `DomainError` out of a route handler. The kit answers with the problem that the catalogue declares. */
export class ProblemError extends Error {
  readonly error: DomainError;

  constructor(error: DomainError) {
    super(`${error.code}: ${error.detail}`, { cause: error.cause });
    this.name = 'ProblemError';
    this.error = error;
  }
}

/** A problem on its way to the client (RFC 9457). */
export type Problem = ProblemType & Omit<DomainError, 'cause'>;

/** The type URI of a code. */
export const problemTypeUri = (code: string): string => `urn:newscience:problem:${code}`;

/** The body that is sent for a problem; `instance` names the request. */
export function problemBody(
  problem: Problem,
  requestId: string | undefined,
): Record<string, unknown> {
  return {
    type: problemTypeUri(problem.code),
    title: problem.title,
    status: problem.status,
    detail: problem.detail,
    code: problem.code,
    ...(requestId === undefined ? {} : { instance: `urn:newscience:request:${requestId}` }),
    retryable: problem.retryable ?? false,
    ...(problem.faults === undefined ? {} : { faults: problem.faults }),
  };
}

/**
 * Answers with `application/problem+json`. Sets `Retry-After` where the problem says when to come back. Works
 * on a plain node:http response too. The request id is taken from the response's `x-request-id` header.
 */
export function sendProblem(res: ServerResponse, problem: Problem): void {
  const requestId = res.getHeader('x-request-id');
  const body = JSON.stringify(
    problemBody(problem, typeof requestId === 'string' ? requestId : undefined),
  );
  res.statusCode = problem.status;
  res.setHeader('content-type', 'application/problem+json; charset=utf-8');
  res.setHeader('content-length', Buffer.byteLength(body));
  res.setHeader('cache-control', 'no-store');
  if (problem.retryAfterSeconds !== undefined) {
    res.setHeader('retry-after', String(Math.max(1, Math.ceil(problem.retryAfterSeconds))));
  }
  if (problem.status === 401 && !res.hasHeader('www-authenticate'))
    res.setHeader('www-authenticate', 'Bearer');
  res.end(body);
}

/** A domain error as the problem that the catalogue declares, or `undefined` when it declares none for the code. */
export function toProblem(error: DomainError, problems: Problems): Problem | undefined {
  const type = Object.hasOwn(problems, error.code) ? problems[error.code] : undefined;
  if (type === undefined) return undefined;
  return { ...error, ...type };
}
