import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';

import express from 'express';
import type { NextFunction, Request, RequestHandler, Response } from 'express';

import { isError } from './error-text.ts';
import type { DomainError } from './problem.ts';
import { ProblemError } from './problem.ts';

/** How deep arrays and objects of a body may be nested. */
export const deepestBody = 32;

/**
 * Parses JSON bodies up to `limit` (bytes, or a text such as `1mb`) and 32 levels. `__proto__` and
 * `constructor.prototype` keys are left out. Bodies of other media types are not touched.
 */
export function parseJsonBodies(limit: number | string): RequestHandler[] {
  const json = express.json({
    limit,
    strict: false,
    type: ['application/json', 'application/*+json'],
    verify: refuseBrokenText,
  });
  return [json, checkParsedBody];
}

function refuseBrokenText(
  _req: IncomingMessage,
  _res: unknown,
  body: Buffer,
  encoding: string,
): void {
  if (encoding === 'utf-8' && !isUtf8(body)) {
    throw new ProblemError({
      code: 'malformed_json',
      detail: 'The body is not valid UTF-8. Encode it as UTF-8.',
    });
  }
}

function checkParsedBody(req: Request, _res: Response, next: NextFunction): void {
  const body: unknown = req.body;
  const depth = depthOf(body);
  if (depth > deepestBody) {
    throw new ProblemError({
      code: 'malformed_json',
      detail: `The body is nested ${depth} levels deep; at most ${deepestBody} are read. Flatten it.`,
      faults: [
        {
          pointer: '/body',
          value: depth,
          problem: `is nested deeper than ${deepestBody} levels`,
          remedy: 'Flatten it.',
        },
      ],
    });
  }
  next();
}

/** Counts levels without recursion, so that no body can exhaust the stack, and drops the keys that pollute. */
function depthOf(body: unknown): number {
  let level: unknown[] = [body];
  let depth = 0;
  for (;;) {
    const containers = level.filter((value) => typeof value === 'object' && value !== null);
    if (containers.length === 0) return depth;
    depth += 1;
    const next: unknown[] = [];
    for (const container of containers) {
      dropPollution(container);
      for (const value of Object.values(container)) next.push(value);
    }
    level = next;
  }
}

function dropPollution(container: object): void {
  if (Object.hasOwn(container, '__proto__')) Reflect.deleteProperty(container, '__proto__');
  const { constructor } = container;
  const polluted: unknown = Object.hasOwn(container, 'constructor') ? constructor : undefined;
  if (typeof polluted === 'object' && polluted !== null && Object.hasOwn(polluted, 'prototype')) {
    Reflect.deleteProperty(container, 'constructor');
  }
}

type ReaderError = Error & {
  type: string;
  limit?: unknown;
  length?: unknown;
  charset?: unknown;
  encoding?: unknown;
};

/** What the body reader threw, as data; `undefined` for an error that is not the reader's. */
export function bodyError(error: unknown, req: IncomingMessage): DomainError | undefined {
  if (isDecompressionError(error, req)) return notEncodedAsDeclared(error, req);
  if (!isReaderError(error)) return undefined;
  switch (error.type) {
    case 'entity.parse.failed':
      return {
        code: 'malformed_json',
        detail: `The body is not JSON: ${clip(error.message)}. Send a complete JSON document.`,
        cause: error,
      };
    case 'entity.too.large':
      return tooLarge(error, req);
    case 'encoding.unsupported':
    case 'charset.unsupported': {
      const [header, remedy] =
        error.type === 'encoding.unsupported'
          ? (['content-encoding', 'Use gzip, deflate, br or none.'] as const)
          : (['content-type', 'Use UTF-8.'] as const);
      const value = clip(req.headers[header] ?? '');
      return {
        code: 'unsupported_media_type',
        detail: `The ${header} "${value}" cannot be read. ${remedy}`,
        faults: [{ pointer: `/headers/${header}`, value, problem: 'cannot be read', remedy }],
        cause: error,
      };
    }
    default:
      return {
        code: 'malformed_request',
        detail: 'The body could not be read to its end.',
        cause: error,
      };
  }
}

function notEncodedAsDeclared(error: Error, req: IncomingMessage): DomainError {
  const value = clip(req.headers['content-encoding'] ?? '');
  const problem = `does not fit the body (${error.message})`;
  const remedy = 'Compress the body, or leave the header out.';
  return {
    code: 'malformed_request',
    detail: `The content-encoding "${value}" ${problem}. ${remedy}`,
    faults: [{ pointer: '/headers/content-encoding', value, problem, remedy }],
    cause: error,
  };
}

function tooLarge(error: ReaderError, req: IncomingMessage): DomainError {
  const limit = typeof error.limit === 'number' ? error.limit : undefined;
  const given =
    typeof error.length === 'number' ? error.length : Number(req.headers['content-length']);
  const most = limit === undefined ? 'the limit' : `${limit} bytes`;
  const remedy = `Send at most ${most}.`;
  return {
    code: 'body_too_large',
    detail: `The body is larger than ${most}. ${remedy}`,
    faults: [
      {
        pointer: '/body',
        ...(Number.isFinite(given) ? { value: given } : {}),
        problem: `is larger than ${most}`,
        remedy,
      },
    ],
    cause: error,
  };
}

const clip = (value: string): string => (value.length > 100 ? `${value.slice(0, 100)}…` : value);

/** zlib's own error, which the body reader passes on with a status and without a type of its own. */
const isDecompressionError = (error: unknown, req: IncomingMessage): error is Error =>
  isError(error) &&
  'statusCode' in error &&
  'errno' in error &&
  req.headers['content-encoding'] !== undefined;

const isReaderError = (error: unknown): error is ReaderError =>
  isError(error) && 'type' in error && typeof error.type === 'string' && 'statusCode' in error;
