import type { IncomingHttpHeaders } from 'node:http';

import type { z } from 'zod';

import { problemText, remedyText } from './issue-text.ts';
import type { Fault } from './problem.ts';
import { ProblemError } from './problem.ts';
import { isSecretName, redact } from './redaction.ts';

/** The parts of a request that a route reads, each with its schema. */
export type RequestSchemas = {
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
};

/** As much of an Express request as is looked at. */
export type RequestInput = {
  readonly params: unknown;
  readonly query: unknown;
  readonly body?: unknown;
  readonly headers: IncomingHttpHeaders;
};

type Part = 'params' | 'query' | 'body';

/** What `parseRequest` gives back: `undefined` for a part without a schema. */
export type ParsedRequest<S extends RequestSchemas> = {
  readonly [P in Part]: S[P] extends z.ZodType ? z.output<S[P]> : undefined;
};

const parts = ['params', 'query', 'body'] as const;
const longestValue = 100;
/** An answer must not grow with what a stranger sends. */
const mostFaults = 100;

/**
 * Checks and converts the parts of a request. Throws a `ProblemError` `validation_failed` with all faults of
 * all parts (at most 100), each with pointer, value (clipped to 100 characters, secrets hidden), problem and remedy; or
 * `unsupported_media_type` when there is a body that nobody parsed.
 */
export function parseRequest<const S extends RequestSchemas>(
  req: RequestInput,
  schemas: S,
): ParsedRequest<S> {
  if (schemas.body !== undefined) refuseUnreadBody(req);
  const faults: Fault[] = [];
  const parsed: Partial<Record<Part, unknown>> = {};
  for (const part of parts) {
    const schema = schemas[part];
    if (schema === undefined) continue;
    const input: unknown = req[part];
    const result = schema.safeParse(input, { error: problemText });
    if (result.success) parsed[part] = result.data;
    else faults.push(...result.error.issues.flatMap((issue) => faultsOf(part, input, issue)));
  }
  if (faults.length > 0) {
    const count = faults.length === 1 ? 'One value is' : `${faults.length} values are`;
    throw new ProblemError({
      code: 'validation_failed',
      detail: `${count} not valid. See ${faults.length > mostFaults ? `the first ${mostFaults} ` : ''}faults.`,
      faults: faults.slice(0, mostFaults),
    });
  }
  // Each part was parsed by the schema that its type is taken from; the loop loses that link.
  return parsed as ParsedRequest<S>;
}

function refuseUnreadBody(req: RequestInput): void {
  const hasBody =
    req.headers['transfer-encoding'] !== undefined ||
    Number(req.headers['content-length'] ?? 0) > 0;
  if (req.body !== undefined || !hasBody) return;
  const value = (req.headers['content-type'] ?? '(none)').slice(0, longestValue);
  const remedy = 'Send JSON with content-type application/json.';
  throw new ProblemError({
    code: 'unsupported_media_type',
    detail: `The content-type "${value}" is not read here. ${remedy}`,
    faults: [{ pointer: '/headers/content-type', value, problem: 'is not read here', remedy }],
  });
}

function faultsOf(part: Part, input: unknown, issue: z.core.$ZodIssue): Fault[] {
  const path = [part, ...issue.path.map(String)];
  const remedy = remedyText(issue);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      pointer: pointer([...path, key]),
      problem: issue.message,
      remedy,
    }));
  }
  const value = shown(path, valueAt(input, issue.path));
  return [
    {
      pointer: pointer(path),
      ...(value === undefined ? {} : { value }),
      problem: issue.message,
      remedy,
    },
  ];
}

const pointer = (path: readonly string[]): string =>
  path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? Reflect.get(value, key)
        : undefined,
    input,
  );
}

/** The value as it may be shown: secrets hidden, long ones clipped. */
function shown(path: readonly string[], value: unknown): unknown {
  if (
    value === undefined ||
    value === null ||
    typeof value === 'number' ||
    typeof value === 'boolean'
  )
    return value;
  if (path.some(isSecretName)) return '[hidden]';
  const text = typeof value === 'string' ? value : JSON.stringify(redact(value));
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
}
