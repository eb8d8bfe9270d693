import { readFileSync, writeFileSync } from 'node:fs';

import { stringify } from 'yaml';
import { z } from 'zod';
import { createDocument } from 'zod-openapi';
import type {
  ZodOpenApiOperationObject,
  ZodOpenApiPathsObject,
  ZodOpenApiResponseObject,
} from 'zod-openapi';

import { codeOf } from './error-text.ts';

/** An OpenAPI 3.1 document as plain data. */
export type OpenApiDocument = ReturnType<typeof createDocument>;

export type Method = 'get' | 'put' | 'post' | 'delete' | 'patch' | 'head' | 'options';

/** A response with content. Without a schema it has no body. Default content type `application/json`. */
export type ContentResponse = {
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly contentType?: string;
  readonly headers?: z.ZodObject;
};

/** A response, or the code (or codes) of the problems that are answered with this status. */
export type OperationResponse = ContentResponse | string | readonly string[];

/** One operation: what is documented, and the schemas that its route parses with. */
export type Operation = {
  readonly method: Method;
  /** In OpenAPI form, such as `/api/v1/articles/{id}`; `expressPath` gives the form of Express. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  /** Names of security schemes, any one of which is enough. */
  readonly security?: readonly string[];
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Default `application/json`. */
  readonly bodyContentType?: string;
  readonly responses: Readonly<Record<number, OperationResponse>>;
};

/** Declares an operation; the type of its schemas is kept, so that a route can parse with them. */
export const defineOperation = <const O extends Operation>(operation: O): O => operation;

/** `/articles/{id}` as Express writes it: `/articles/:id`. */
export const expressPath = (path: string): string => path.replace(/\{(\w+)\}/g, ':$1');

const faultSchema = z.object({
  pointer: z.string(),
  value: z.unknown().optional(),
  problem: z.string(),
  remedy: z.string().optional(),
});

/** The body of every error answer (RFC 9457). */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    code: z.string(),
    instance: z.string().optional(),
    retryable: z.boolean(),
    faults: z.array(faultSchema).optional(),
  })
  .meta({ id: 'Problem', description: 'What went wrong (RFC 9457). `code` is stable.' });

export type SecurityScheme =
  | {
      readonly type: 'http';
      readonly scheme: string;
      readonly bearerFormat?: string;
      readonly description?: string;
    }
  | {
      readonly type: 'apiKey';
      readonly in: 'header' | 'cookie' | 'query';
      readonly name: string;
      readonly description?: string;
    };

/**
 * The document of a service. What the kit answers by itself is added to each operation: 400 where there is
 * input, 413 and 415 where there is a body, 401 and 403 where there is security, 500 and 503 everywhere.
 * Throws when an operation id or a method and path occur twice.
 */
export function buildOpenApi(options: {
  title: string;
  version: string;
  description: string;
  servers?: readonly { url: string; description?: string }[];
  operations: readonly Operation[];
  securitySchemes?: Readonly<Record<string, SecurityScheme>>;
}): OpenApiDocument {
  refuseDoubles(options.operations);
  const paths: ZodOpenApiPathsObject = {};
  for (const operation of options.operations) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method]: operationObject(operation),
    };
  }
  return createDocument({
    openapi: '3.1.1',
    info: { title: options.title, version: options.version, description: options.description },
    ...(options.servers === undefined ? {} : { servers: [...options.servers] }),
    paths,
    components: { securitySchemes: { ...options.securitySchemes } },
  });
}

function refuseDoubles(operations: readonly Operation[]): void {
  const seen = new Set<string>();
  for (const { operationId, method, path } of operations) {
    for (const key of [operationId, `${method} ${path}`]) {
      if (seen.has(key)) throw new Error(`The operation ${key} is declared twice.`);
      seen.add(key);
    }
  }
}

function operationObject(operation: Operation): ZodOpenApiOperationObject {
  const { params, query, headers, body } = operation;
  const responses: Record<string, ZodOpenApiResponseObject> = {};
  for (const [status, response] of Object.entries({
    ...impliedResponses(operation),
    ...operation.responses,
  })) {
    responses[status] = responseObject(response);
  }
  return {
    operationId: operation.operationId,
    summary: operation.summary,
    ...(operation.description === undefined ? {} : { description: operation.description }),
    tags: [...operation.tags],
    ...(operation.security === undefined
      ? {}
      : { security: operation.security.map((name) => ({ [name]: [] })) }),
    requestParams: {
      ...(params === undefined ? {} : { path: params }),
      ...(query === undefined ? {} : { query }),
      ...(headers === undefined ? {} : { header: headers }),
    },
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { [operation.bodyContentType ?? 'application/json']: { schema: body } },
          },
        }),
    responses,
  };
}

function impliedResponses({
  params,
  query,
  body,
  security,
}: Operation): Record<number, OperationResponse> {
  return {
    ...((params ?? query ?? body) === undefined
      ? {}
      : {
          400: body === undefined ? 'validation_failed' : ['validation_failed', 'malformed_json'],
        }),
    ...(security === undefined || security.length === 0
      ? {}
      : { 401: 'unauthorized', 403: 'forbidden' }),
    ...(body === undefined ? {} : { 413: 'body_too_large', 415: 'unsupported_media_type' }),
    500: 'internal_error',
    503: 'unavailable',
  };
}

function responseObject(response: OperationResponse): ZodOpenApiResponseObject {
  if (typeof response === 'string') return problemResponse([response]);
  if (isCodes(response)) return problemResponse(response);
  const { description, schema, contentType = 'application/json', headers } = response;
  return {
    description,
    ...(headers === undefined ? {} : { headers }),
    ...(schema === undefined ? {} : { content: { [contentType]: { schema } } }),
  };
}

const isCodes = (response: OperationResponse): response is readonly string[] =>
  Array.isArray(response);

const problemResponse = (codes: readonly string[]): ZodOpenApiResponseObject => ({
  description: `Problem: ${codes.map((code) => `\`${code}\``).join(', ')}`,
  content: { 'application/problem+json': { schema: problemSchema } },
});

const heading = '# Generated from src/openapi.ts by `npm run openapi -- write`. Do not edit.\n';

/** The document as the text of its file. */
export const openApiText = (document: object): string =>
  heading + stringify(document, { lineWidth: 110, aliasDuplicateObjects: false });

/** Writes the document to its file, unless it is there already. */
export function writeOpenApi(file: string, document: object): 'written' | 'unchanged' {
  if (checkOpenApi(file, document) === 'fresh') return 'unchanged';
  writeFileSync(file, openApiText(document));
  return 'written';
}

/** Whether the file holds the document. */
export function checkOpenApi(file: string, document: object): 'fresh' | 'stale' | 'missing' {
  try {
    return readFileSync(file, 'utf8') === openApiText(document) ? 'fresh' : 'stale';
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'missing';
    throw error;
  }
}
