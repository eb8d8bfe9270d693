import type { EventBus } from '@newscience/event-bus/bus';
import { codeOf, isError } from '@newscience/service-kit/error-text';

import type { PendingEvent } from './relay-session.ts';

export type Refusal = { readonly pending: PendingEvent; readonly error: unknown };

export type PublishOutcome = {
  readonly published: readonly PendingEvent[];
  /** The first event of each key that the bus refuses for good; later ones of the key were not tried. */
  readonly refused: readonly Refusal[];
};

const refusals = new Set(['event_invalid', 'event_too_large']);

/** Whether another attempt with the same event would end the same way. */
const isRefusal = (error: unknown): boolean => isError(error) && refusals.has(codeOf(error));

/**
 * Publishes a batch as a whole. Where the bus refuses something in it, event by event, so that only the keys
 * of the refused ones wait.
 *
 * @throws what the bus throws when it is away; any number of the events may have been published
 */
export async function publishBatch(
  bus: Pick<EventBus, 'publish'>,
  batch: readonly PendingEvent[],
): Promise<PublishOutcome> {
  try {
    await bus.publish(batch.map(({ event }) => event));
    return { published: batch, refused: [] };
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  const published: PendingEvent[] = [];
  const refused = new Map<string, Refusal>();
  for (const pending of batch) {
    if (refused.has(pending.key)) continue;
    try {
      await bus.publish([pending.event]);
      published.push(pending);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refused.set(pending.key, { pending, error });
    }
  }
  return { published, refused: [...refused.values()] };
}
