import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

import { findOperation, listOperations, mediaTypeFor, responseFor } from './openapi-lookup.ts';
import type { DocumentedOperation, DocumentedResponse } from './openapi-lookup.ts';

/** What a client saw. `path` may carry a query; `body` is the text, or what was parsed from it. */
export type SeenResponse = {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly headers: Headers | Readonly<Record<string, string | string[] | number | undefined>>;
  readonly body?: unknown;
};

/** One way in which a response differs from the document. */
export type ConformanceFault = {
  readonly where: string;
  readonly problem: string;
  readonly value?: unknown;
};

/** Compares real responses with an OpenAPI 3.1 document. */
export type Conformance = {
  /** All differences, none when the response is as documented. An undocumented path, status or content type is one. */
  readonly check: (seen: SeenResponse) => ConformanceFault[];
  /** The documented operations and statuses that no checked response had, such as `GET /api/v1/articles 200`. */
  readonly uncovered: () => string[];
};

/**
 * Reads the document once; schemas are compiled when a response needs them.
 *
 * @throws Error where the document has no `paths`
 */
export function createConformance(document: object): Conformance {
  const operations = listOperations(document);
  const ajv = new Ajv2020({ allErrors: true, strict: false, verbose: true });
  addFormats.default(ajv);
  ajv.addSchema(document, 'openapi');
  const seenStatuses = new Set<string>();

  const check = (seen: SeenResponse): ConformanceFault[] => {
    const method = seen.method.toUpperCase();
    const operation = findOperation(operations, method, seen.path);
    if (operation === undefined) {
      return [{ where: `${method} ${seen.path}`, problem: 'is not a documented operation' }];
    }
    const where = `${method} ${operation.path} ${seen.status}`;
    const response = responseFor(operation, seen.status);
    if (response === undefined) {
      const known = operation.responses.map(({ status }) => status).join(', ');
      return [
        { where, problem: `is not a documented status; documented are ${known}`, value: seen.body },
      ];
    }
    seenStatuses.add(statusKey(operation, response));
    const header = headerReader(seen.headers);
    return [
      ...headerFaults(where, response, header, ajv),
      ...bodyFaults(where, { response, seen, contentType: header('content-type'), ajv }),
    ];
  };

  return {
    check,
    uncovered: () =>
      operations.flatMap((operation) =>
        operation.responses
          .map((response) => statusKey(operation, response))
          .filter((key) => !seenStatuses.has(key)),
      ),
  };
}

const statusKey = (operation: DocumentedOperation, { status }: DocumentedResponse): string =>
  `${operation.method} ${operation.path} ${status}`;

type HeaderReader = (name: string) => string | undefined;

function headerReader(headers: SeenResponse['headers']): HeaderReader {
  if (headers instanceof Headers) return (name) => headers.get(name) ?? undefined;
  const values = new Map(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return (name) => {
    const value = values.get(name.toLowerCase());
    return value === undefined ? undefined : String(value);
  };
}

function headerFaults(
  where: string,
  response: DocumentedResponse,
  header: HeaderReader,
  ajv: Ajv2020,
): ConformanceFault[] {
  return response.headers.flatMap(({ name, required, schemaRef }) => {
    const value = header(name);
    const place = `${where} header ${name}`;
    if (value === undefined) return required ? [{ where: place, problem: 'is missing' }] : [];
    if (schemaRef === undefined) return [];
    const validate = validator(ajv, schemaRef);
    const attempts = readings(value).map((reading) =>
      validate(reading) ? [] : (validate.errors ?? []),
    );
    if (attempts.some((errors) => errors.length === 0)) return [];
    const telling =
      attempts.find((errors) => errors.every(({ keyword }) => keyword !== 'type')) ??
      attempts[0] ??
      [];
    return telling.map((error) => ({ where: place, problem: problemOf(error), value }));
  });
}

/** A header is text; its schema may want a number. */
const readings = (text: string): (string | number)[] =>
  text.trim() !== '' && Number.isFinite(Number(text)) ? [text, Number(text)] : [text];

function bodyFaults(
  where: string,
  {
    response,
    seen,
    contentType,
    ajv,
  }: {
    response: DocumentedResponse;
    seen: SeenResponse;
    contentType: string | undefined;
    ajv: Ajv2020;
  },
): ConformanceFault[] {
  if (seen.method.toUpperCase() === 'HEAD' || seen.status === 304) return [];
  const isEmpty =
    seen.body === undefined ||
    seen.body === '' ||
    (seen.body === null && contentType === undefined);
  if (response.content.length === 0) {
    return isEmpty ? [] : [{ where, problem: 'has a body; none is documented', value: seen.body }];
  }
  if (isEmpty) return [{ where, problem: 'has no body; one is documented' }];
  if (contentType === undefined) return [{ where, problem: 'has a body without a content-type' }];
  const media = mediaTypeFor(response, contentType);
  if (media === undefined) {
    const known = response.content.map(({ type }) => type).join(', ');
    return [
      {
        where,
        problem: `is not of a documented content type; documented: ${known}`,
        value: contentType,
      },
    ];
  }
  if (media.schemaRef === undefined) return [];
  const parsed = parseBody(seen.body, contentType);
  if (!parsed.ok)
    return [
      { where: `${where} body`, problem: `is not JSON: ${parsed.problem}`, value: seen.body },
    ];
  const validate = validator(ajv, media.schemaRef);
  if (validate(parsed.value)) return [];
  return (validate.errors ?? []).map((error) => ({
    where: `${where} body${error.instancePath}`,
    problem: problemOf(error),
    value: error.data,
  }));
}

function validator(ajv: Ajv2020, schemaRef: string): ValidateFunction {
  const known = ajv.getSchema(schemaRef);
  if (known !== undefined) return known;
  throw new Error(`The document has no schema at ${schemaRef}.`);
}

type ParsedBody = { ok: true; value: unknown } | { ok: false; problem: string };

function parseBody(body: unknown, contentType: string): ParsedBody {
  const isJson = /[/+]json\s*(;|$)/i.test(contentType);
  const text = Buffer.isBuffer(body) ? body.toString('utf8') : body;
  if (!isJson || typeof text !== 'string') return { ok: true, value: text };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Ajv names what it wants; the names that it got or misses are in `params`. */
function problemOf({ message = 'is not valid', params, keyword }: ErrorObject): string {
  const detail: unknown =
    keyword === 'enum' ? params['allowedValues'] : params['additionalProperty'];
  return detail === undefined ? message : `${message}: ${JSON.stringify(detail)}`;
}
