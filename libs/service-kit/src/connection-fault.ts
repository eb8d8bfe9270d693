/** PostgreSQL: shutting down, starting up, or out of connections. */
const serverStates = new Set([
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '08000',
  '08001',
  '08003',
  '08004',
  '08006',
]);
const socketCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
/** The `pg` client gives these no code. */
const clientMessages =
  /^(timeout exceeded when trying to connect|timeout expired|Connection terminated)/;

/**
 * What to tell a client when an error means that a dependency cannot be reached right now, and trying again
 * later makes sense; `undefined` for any other error.
 */
export function unavailableCause(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const unreachable =
    serverStates.has(code) || socketCodes.has(code) || clientMessages.test(error.message);
  return unreachable
    ? 'Something this service depends on cannot be reached right now. Try again in a moment.'
    : undefined;
}
