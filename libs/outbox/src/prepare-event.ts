import type { CloudEvent } from '@newscience/event-contracts/envelope';
import { type KnownEvent, type KnownType, parseEvent } from '@newscience/event-contracts/registry';
import { beginTrace } from '@newscience/service-kit/tracing';
import type pg from 'pg';

import type { Handling, Occasion } from './handling.ts';

/** The effect of an event. Everything it does, it does through `client`: that is one transaction with the inbox. */
export type Handler<T extends KnownType> = (
  client: pg.PoolClient,
  event: Extract<KnownEvent, { type: T }>,
  occasion: Occasion,
) => Promise<void>;

export type HandlerOptions<T extends KnownType> = {
  /** The types to handle. Default all that are known; the others are passed by and counted. */
  readonly types?: readonly T[];
  readonly handle: Handler<T>;
  /**
   * What becomes of an event whose type or version this release does not know: `skip` (default) passes by
   * and counts it, `fail` treats it like any other failure, so that it ends as a dead letter.
   */
  readonly unknown?: 'skip' | 'fail';
};

/** Decides what is done with an event, after a check against its contract. */
export function eventPreparation<T extends KnownType>({
  types,
  handle,
  unknown = 'skip',
}: HandlerOptions<T>): (event: CloudEvent) => Handling {
  const wanted: ReadonlySet<string> | undefined = types === undefined ? undefined : new Set(types);
  const isWanted = (event: KnownEvent): event is Extract<KnownEvent, { type: T }> =>
    wanted?.has(event.type) ?? true;

  return (candidate) => {
    const parsed = parseEvent(candidate);
    if (!parsed.ok) {
      const { code, detail } = parsed.error;
      const isNew = code === 'unknown_type' || code === 'unknown_version';
      if (isNew && unknown === 'skip') return { kind: 'skip', reason: 'unknown' };
      // Also one that breaks its contract: a later release may read it, so it is tried again like any other.
      if (!isNew && wanted !== undefined && !wanted.has(candidate.type))
        return { kind: 'skip', reason: 'ignored' };
      return { kind: 'handle', effect: () => Promise.reject(new Error(detail)) };
    }
    const event = parsed.value;
    if (!isWanted(event)) return { kind: 'skip', reason: 'ignored' };
    return {
      kind: 'handle',
      effect: (client, occasion) => traced(event, () => handle(client, event, occasion)),
    };
  };
}

/** The work belongs to the trace that the event came from, and so do the events that it appends. */
async function traced(event: CloudEvent, work: () => Promise<void>): Promise<void> {
  const trace = beginTrace({ name: `handle ${event.type}`, traceparent: event.traceparent });
  try {
    await trace.run(work);
    trace.end({ attributes: { 'event.id': event.id } });
  } catch (error) {
    trace.end({ error, attributes: { 'event.id': event.id } });
    throw error;
  }
}
