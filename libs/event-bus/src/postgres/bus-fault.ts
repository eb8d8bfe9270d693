import { BusError } from '../bus.ts';

/** A statement that the server refuses will be refused again; anything else is worth another try. */
export function asBusError(error: unknown): unknown {
  if (error instanceof BusError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^(?:22|23|42)/.test(code)) return error;
  return new BusError('unavailable', "The event bus's database does not answer.", error);
}
