import type { Activity } from '../activity.ts';

/** How soon a client is to connect again after its connection was lost, milliseconds. */
const RECONNECT_MS = 2000;

/**
 * The first bytes of a stream. An `id` without data is not an event, but where the client goes on from after a lost
 * connection: so nothing gets lost either that happens before the first event.
 */
export const opening = (id: number): string => `retry: ${RECONNECT_MS}\nid: ${id}\n\n`;

export const activityFrame = (activity: Activity): string =>
  `event: activity\nid: ${activity.id}\ndata: ${JSON.stringify(activity)}\n\n`;

/** A sign of life that also says how far the stream has come where its filter lets little through. */
export const heartbeat = (id: number): string => `: heartbeat\nid: ${id}\n\n`;

/** The timeline is not the one that the client knows: what it has seen may not be there any more. */
export const reset = (id: number): string =>
  `event: reset\nid: ${id}\ndata: ${JSON.stringify({ head: id })}\n\n`;
