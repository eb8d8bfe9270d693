import type { ProblemCode } from './problems.ts';

/** Reads a property of an error that undici or node:net set. */
function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

const unreadable = new Set(['UND_ERR_HEADERS_OVERFLOW', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH']);

/**
 * What went wrong between the facade and an upstream, as the code a client is told.
 *
 * @param begun whether the request was already on its way, as opposed to its connection being made
 */
export function upstreamFault(error: Error, begun: boolean): ProblemCode {
  const code = codeOf(error);
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') return 'upstream_timeout';
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') return 'request_rejected';
  if (!begun) return 'upstream_unreachable';
  if (error.name === 'HTTPParserError' || unreadable.has(code)) return 'upstream_invalid_response';
  if (code === 'UND_ERR_SOCKET' && error.message.startsWith('bad ')) {
    return 'upstream_invalid_response';
  }
  if (code.startsWith('ERR_') || error instanceof TypeError || error instanceof RangeError) {
    return 'upstream_invalid_response';
  }
  return 'upstream_reset';
}

/** Whether the connection ended, as opposed to something readable but wrong having come over it. */
export function isConnectionEnd(error: Error): boolean {
  const code = codeOf(error);
  if (code === 'UND_ERR_SOCKET') return !error.message.startsWith('bad ');
  return code === 'ECONNRESET' || code === 'EPIPE';
}
