import type { KnownEvent } from '@newscience/event-contracts/registry';

/**
 * What a consumer with an inbox sees of each subject: repetitions dropped, first sights in order.
 * @throws Error where one id stands for two different events, or a revision does not grow
 */
export function historyOf(events: readonly KnownEvent[]): Map<string, KnownEvent[]> {
  const seen = new Map<string, string>();
  const history = new Map<string, KnownEvent[]>();
  for (const event of events) {
    const text = JSON.stringify({ type: event.type, data: event.data });
    const before = seen.get(event.id);
    if (before !== undefined && before !== text)
      throw new Error(`${event.id} stands for two different events`);
    if (before !== undefined) continue;
    seen.set(event.id, text);
    const list = history.get(event.subject) ?? [];
    const [last, now] = [revisionOf(list.at(-1)), revisionOf(event)];
    if (last !== null && now !== null && now <= last)
      throw new Error(`${event.id} comes after revision ${last}`);
    history.set(event.subject, [...list, event]);
  }
  return history;
}

const revisionOf = (event: KnownEvent | undefined): number | null =>
  event !== undefined && 'revision' in event.data ? event.data.revision : null;
