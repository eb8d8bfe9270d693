import { describe, expect, it } from '@jest/globals';

import { sampleEvent } from '../test/sample-events.ts';
import { createRelayLane } from './relay-lane.ts';
import type { PendingEvent, RelaySession } from './relay-session.ts';

/** An outbox in memory, whose rows can be committed late: in front of others that were there before. */
function outboxOf(...names: string[]) {
  const rows = new Map<number, PendingEvent>();
  const add = (sequence: number, name: string): void => {
    const [key = '', n = ''] = name.split('/');
    rows.set(sequence, { sequence: String(sequence), key, event: sampleEvent(key, Number(n)) });
  };
  names.forEach((name, index) => add((index + 1) * 10, name));
  const removed: string[] = [];
  const session: Pick<RelaySession, 'read' | 'remove'> = {
    read: ({ events, withoutKeys, withoutSequences }) =>
      Promise.resolve(
        [...rows]
          .sort(([a], [b]) => a - b)
          .map(([, row]) => row)
          .filter(
            ({ key, sequence }) =>
              !withoutKeys.includes(key) && !withoutSequences.includes(sequence),
          )
          .slice(0, events),
      ),
    remove: (sequences) => {
      for (const sequence of sequences) rows.delete(Number(sequence));
      removed.push(...sequences);
      return Promise.resolve();
    },
  };
  return {
    add,
    removed,
    left: () => rows.size,
    lane: createRelayLane(session, { events: 2, bytes: 1e6 }),
  };
}
const ids = (batch: readonly PendingEvent[]): string[] => batch.map(({ event }) => event.id);

describe('what a relay has taken and not finished', () => {
  it('is read ahead without what is under way, and removed while the next is', async () => {
    const { lane, removed, left } = outboxOf('a/0', 'b/0', 'a/1', 'b/1', 'a/2');
    const first = await lane.next([]);
    expect(ids(first)).toEqual(['a/0', 'b/0']);
    await lane.readAhead(first, []);
    expect(removed).toEqual([]);
    lane.published(first);
    const second = await lane.next([]);
    expect(ids(second)).toEqual(['a/1', 'b/1']);
    expect(removed).toEqual([]);
    await lane.readAhead(second, []);
    expect(removed).toEqual(['10', '20']);
    lane.published(second);
    const third = await lane.next([]);
    expect(ids(third)).toEqual(['a/2']);
    await lane.readAhead(third, []);
    lane.published(third);
    expect(await lane.next([])).toEqual([]);
    expect(left()).toBe(0);
  });

  it('passes over nothing that was committed late, in front of the next of its key', async () => {
    const { add, lane } = outboxOf('a/0', 'b/0');
    const first = await lane.next([]);
    add(15, 'c/0');
    add(30, 'c/1');
    await lane.readAhead(first, []);
    lane.published(first);
    expect(ids(await lane.next([]))).toEqual(['c/0', 'c/1']);
  });

  it('is given up where a key is set aside or a publication failed', async () => {
    const { lane } = outboxOf('a/0', 'b/0', 'a/1', 'b/1');
    const first = await lane.next([]);
    await lane.readAhead(first, []);
    lane.forget();
    expect(ids(await lane.next([]))).toEqual(['a/0', 'b/0']);
    expect(ids(await lane.next(['a']))).toEqual(['b/0', 'b/1']);
  });

  it('is nothing once it is settled', async () => {
    const { lane, removed } = outboxOf('a/0', 'b/0', 'a/1');
    const first = await lane.next([]);
    await lane.readAhead(first, []);
    lane.published(first);
    await lane.settle();
    expect(removed).toEqual(['10', '20']);
    expect(ids(await lane.next([]))).toEqual(['a/1']);
  });

  it('is not read ahead behind a batch that was not full', async () => {
    const { add, lane } = outboxOf('a/0');
    const first = await lane.next([]);
    add(20, 'a/1');
    await lane.readAhead(first, []);
    lane.published(first);
    add(30, 'a/2');
    expect(ids(await lane.next([]))).toEqual(['a/1', 'a/2']);
  });
});
