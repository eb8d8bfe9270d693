import { type CloudEvent, envelopeSchema, topicOf } from '@newscience/event-contracts/envelope';

import { BusError, MAX_EVENT_BYTES } from './bus.ts';

/** An event that may be published, and to which topic. */
export type Placed = { readonly topic: string; readonly event: CloudEvent };

/**
 * Checks an event at the door of a bus.
 * @throws BusError `event_invalid`
 */
export function place(candidate: CloudEvent): Placed {
  const event = envelopeSchema.safeParse(candidate);
  const topic = event.success ? topicOf(event.data.type) : undefined;
  if (!event.success || topic === undefined) {
    const faults = event.success
      ? ''
      : event.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    throw new BusError('event_invalid', `This is no event that can be published: ${faults}`);
  }
  return { topic, event: event.data };
}

/** @throws BusError `event_too_large` */
export function assertSize(event: CloudEvent, json: string): void {
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_EVENT_BYTES)
    throw new BusError(
      'event_too_large',
      `The event ${event.id} of ${event.source} has ${bytes} bytes of JSON; ${MAX_EVENT_BYTES} are allowed. Leave the large part out and let the reader fetch it (claim check).`,
    );
}

/** The partition of a key: FNV-1a over its UTF-8, so that it is the same in every process and release. */
export function partitionOf(key: string, partitions: number): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(key, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % partitions;
}
