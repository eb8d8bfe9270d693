import { BusError } from '../bus.ts';

/** The broker's name for what went wrong, as `ILLEGAL_GENERATION`; `` where it was not the broker. */
export function faultType(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if ('type' in cause && typeof cause.type === 'string') return cause.type;
  return '';
}

const lost = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'REBALANCE_IN_PROGRESS',
  'FENCED_INSTANCE_ID',
]);

/** Whether the group has gone on without this member. */
export const isFenced = (error: unknown): boolean => lost.has(faultType(error));

/** The client has retried for about 20 s by now. */
export function asBusError(error: unknown): BusError {
  if (error instanceof BusError) return error;
  const type = faultType(error);
  const detail = `The brokers do not answer as they should${type === '' ? '' : ` (${type})`}.`;
  return new BusError('unavailable', detail, error);
}
