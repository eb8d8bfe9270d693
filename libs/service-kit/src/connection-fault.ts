import { codeOf, isError } from './error-text.ts';

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
  /^(timeout exceeded when trying to connect|timeout expired|Connection terminated|Client has encountered a connection error)/;

/**
 * What to tell a client when an error means that a dependency cannot be reached right now, and trying again
 * later makes sense; `undefined` for any other error.
 */
export function unavailableCause(error: unknown): string | undefined {
  // `fetch` wraps what happened to the socket.
  const unreachable = isUnreachable(error) || (isError(error) && isUnreachable(error.cause));
  return unreachable
    ? 'Something this service depends on cannot be reached right now. Try again in a moment.'
    : undefined;
}

/** 55000 has many meanings; as the answer to a connection it says that the database takes none right now. */
function isClosedDatabase(error: unknown): boolean {
  return codeOf(error) === '55000' && isError(error) && Reflect.get(error, 'severity') === 'FATAL';
}

function isUnreachable(error: unknown): boolean {
  const code = codeOf(error);
  return (
    serverStates.has(code) ||
    isClosedDatabase(error) ||
    socketCodes.has(code) ||
    (isError(error) && clientMessages.test(error.message))
  );
}
