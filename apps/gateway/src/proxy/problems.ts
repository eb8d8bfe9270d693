import { problemBody } from '@newscience/service-kit/problem';
import { STATUS_CODES } from 'node:http';

/**
 * Everything the facade itself answers. Codes are stable; texts name neither the upstream nor its
 * address, because a client must not learn which system would have answered.
 */
const catalogue = {
  request_rejected: [400, 'The request cannot be read', 'It is not valid HTTP/1.1.', false],
  target_rejected: [
    400,
    'The request target is not supported',
    'The target should be a path that starts with a slash.',
    false,
  ],
  request_timeout: [408, 'The request took too long', 'It was not received in time.', true],
  body_too_large: [413, 'The body is too large', 'Send a smaller body.', false],
  target_too_long: [414, 'The request target is too long', 'Use a shorter path or query.', false],
  expectation_failed: [
    417,
    'The expectation cannot be met',
    'The only expectation supported is 100-continue.',
    false,
  ],
  header_too_large: [
    431,
    'The header fields are too large',
    'Send fewer or shorter header fields.',
    false,
  ],
  internal_error: [500, 'Something went wrong on our side', 'The request was not handled.', false],
  transfer_coding_unsupported: [
    501,
    'The transfer coding is not supported',
    'The only transfer coding supported is chunked.',
    false,
  ],
  upstream_unreachable: [502, 'Not reachable right now', 'No connection could be made.', true],
  upstream_reset: [502, 'The answer was lost', 'The connection ended before the answer.', true],
  upstream_invalid_response: [502, 'The answer cannot be read', 'It is not valid HTTP/1.1.', false],
  upstream_busy: [503, 'Too busy right now', 'Too many requests are waiting. Try again.', true],
  shutting_down: [503, 'Shutting down', 'Try again: another instance may answer.', true],
  upstream_timeout: [504, 'The answer took too long', 'No answer came in time.', true],
  version_unsupported: [
    505,
    'The HTTP version is not supported',
    'Use HTTP/1.1 or HTTP/1.0.',
    false,
  ],
} as const satisfies Record<
  string,
  [status: number, title: string, detail: string, retryable: boolean]
>;

export type ProblemCode = keyof typeof catalogue;

export type ProblemAnswer = { status: number; reason: string; fields: string[]; body: string };

/** Seconds after which a client that was told to come back may. */
const retryAfter = '1';

/** @param detail says more than the catalogue; never anything the client sent */
export function problemAnswer(
  code: ProblemCode,
  requestId: string,
  detail?: string,
): ProblemAnswer {
  const [status, title, text, retryable] = catalogue[code];
  const problem = { code, status, title, detail: detail ?? text, retryable };
  const body = JSON.stringify(problemBody(problem, requestId));
  const fields = [
    'Content-Type',
    'application/problem+json; charset=utf-8',
    'Content-Length',
    String(Buffer.byteLength(body)),
    'Cache-Control',
    'no-store',
    'X-Request-Id',
    requestId,
  ];
  if (status === 503) fields.push('Retry-After', retryAfter);
  return { status, reason: STATUS_CODES[status] ?? '', fields, body };
}
