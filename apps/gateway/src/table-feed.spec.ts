import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createLogger } from '@newscience/service-kit/logging';
import { policy, tableOf, type Sample } from '../test/sample-routes.ts';
import type { Snapshot, SnapshotFile } from './adapters/snapshot-file.ts';
import { createCurrentTable, type CurrentTable } from './current-table.ts';
import type { VersionedTable } from './route-store.ts';
import { createTableFeed, type TableFeed } from './table-feed.ts';

const logger = createLogger({ service: 'test', level: 'silent' });

/** A database that can be taken away, or made to hang. */
function fakeStore() {
  let held: VersionedTable = { lineage: 'one', table: tableOf({}) };
  let mode: 'up' | 'down' | 'hanging' = 'up';
  const counts = { version: 0, load: 0 };
  const through = async <T>(count: keyof typeof counts, answer: () => T): Promise<T> => {
    counts[count] += 1;
    await Promise.resolve();
    if (mode === 'down') throw new Error('connect ECONNREFUSED');
    if (mode === 'hanging') return new Promise(() => undefined);
    return answer();
  };
  return {
    counts,
    set: (lineage: string, revision: number, samples: Record<string, Sample>) => {
      held = { lineage, table: { ...tableOf(samples), revision } };
    },
    become: (next: typeof mode) => {
      mode = next;
    },
    version: () =>
      through('version', () => ({ lineage: held.lineage, revision: held.table.revision })),
    load: () => through('load', () => held),
    change: () => Promise.reject(new Error('not here')),
    audit: () => Promise.reject(new Error('not here')),
  };
}

function fakeSnapshot() {
  const written: Snapshot[] = [];
  let found: Awaited<ReturnType<SnapshotFile['read']>> = { kind: 'absent' };
  let full = false;
  return {
    path: 'route-table.json',
    written,
    find: (next: typeof found) => {
      found = next;
    },
    fill: () => {
      full = true;
    },
    read: () => Promise.resolve(found),
    write: (snapshot: Snapshot) => {
      if (full) return Promise.reject(new Error('ENOSPC'));
      written.push(snapshot);
      return Promise.resolve();
    },
  };
}

const saved: Snapshot = {
  savedAt: '2026-01-05T09:00:00.000Z',
  lineage: 'one',
  table: tableOf({ search: { path: '/api/v1/search' } }),
};

let store: ReturnType<typeof fakeStore>;
let snapshot: ReturnType<typeof fakeSnapshot>;
let current: CurrentTable;
let feed: TableFeed;

beforeEach(() => {
  jest.useFakeTimers();
  store = fakeStore();
  snapshot = fakeSnapshot();
  current = createCurrentTable(policy);
  feed = createTableFeed({ store, current, snapshot, logger });
});

afterEach(async () => {
  store.become('up');
  await feed.stop();
  jest.useRealTimers();
});

const routeOf = (path: string) => current.decide({ method: 'GET', path, headers: [] }).routeId;

describe('the start', () => {
  it('takes the table of the database, and saves it', async () => {
    store.set('one', 4, { search: { path: '/api/v1/search' } });
    await feed.start();
    expect(current.origin).toEqual({ kind: 'database' });
    expect(routeOf('/api/v1/search')).toBe('search');
    expect(snapshot.written).toMatchObject([{ lineage: 'one', table: { revision: 4 } }]);
    expect(feed.status()).toEqual({ confirmedMs: 0, failure: undefined });
  });

  it('takes the snapshot where the database is away', async () => {
    store.become('down');
    snapshot.find({ kind: 'found', snapshot: saved });
    await feed.start();
    expect(current.origin).toEqual({ kind: 'snapshot', savedAt: saved.savedAt });
    expect(routeOf('/api/v1/search')).toBe('search');
    expect(feed.status()).toEqual({ confirmedMs: undefined, failure: 'connect ECONNREFUSED' });
    expect(snapshot.written).toEqual([]);
  });

  it('waits for a database that hangs no longer than three seconds', async () => {
    store.become('hanging');
    snapshot.find({ kind: 'found', snapshot: saved });
    const started = feed.start();
    await jest.advanceTimersByTimeAsync(2999);
    expect(current.origin.kind).toBe('default');
    await jest.advanceTimersByTimeAsync(1);
    await started;
    expect(current.origin.kind).toBe('snapshot');
    feed = createTableFeed({ store, current, snapshot, logger });
  });

  it.each([
    [{ kind: 'absent' as const }],
    [{ kind: 'damaged' as const, detail: 'its checksum does not fit its content' }],
  ])('goes on with the default route where there is neither: %j', async (found) => {
    store.become('down');
    snapshot.find(found);
    await feed.start();
    expect(current.origin).toEqual({ kind: 'default' });
    expect(routeOf('/api/v1/search')).toBe('default');
  });
});

describe('a change', () => {
  it('is taken over at the next look, half a second later, and loaded only then', async () => {
    await feed.start();
    store.set('one', 1, { search: { path: '/api/v1/search' } });
    await jest.advanceTimersByTimeAsync(499);
    expect(routeOf('/api/v1/search')).toBe('default');
    await jest.advanceTimersByTimeAsync(1);
    expect(routeOf('/api/v1/search')).toBe('search');
    await jest.advanceTimersByTimeAsync(5000);
    expect(store.counts).toEqual({ version: 12, load: 2 });
    expect(snapshot.written).toHaveLength(2);
  });

  it('is taken over at once where it is announced', async () => {
    await feed.start();
    store.set('one', 1, { search: { path: '/api/v1/search' } });
    await feed.look();
    expect(routeOf('/api/v1/search')).toBe('search');
  });

  it('is seen by a look that is asked for while another is under way', async () => {
    await feed.start();
    const first = feed.look();
    store.set('one', 1, { search: { path: '/api/v1/search' } });
    await Promise.all([first, feed.look()]);
    expect(routeOf('/api/v1/search')).toBe('search');
  });

  it('is taken over from a database that was set back or made anew', async () => {
    store.set('one', 5, { search: { path: '/api/v1/search' } });
    await feed.start();
    store.set('one', 4, {});
    await feed.look();
    expect(current.version).toEqual({ lineage: 'one', revision: 4 });
    store.set('two', 4, { articles: { path: '/articles/:id' } });
    await feed.look();
    expect(routeOf('/articles/7')).toBe('articles');
  });
});

describe('a database that goes away', () => {
  it('leaves the table as it is, and says since when', async () => {
    store.set('one', 1, { search: { path: '/api/v1/search' } });
    await feed.start();
    store.become('down');
    await jest.advanceTimersByTimeAsync(10_000);
    expect(routeOf('/api/v1/search')).toBe('search');
    expect(feed.status()).toEqual({ confirmedMs: 10_000, failure: 'connect ECONNREFUSED' });
  });

  it('is asked again until it is back', async () => {
    store.become('down');
    snapshot.find({ kind: 'found', snapshot: saved });
    await feed.start();
    store.set('one', 2, {});
    store.become('up');
    await jest.advanceTimersByTimeAsync(500);
    expect(current.origin).toEqual({ kind: 'database' });
    expect(routeOf('/api/v1/search')).toBe('default');
    expect(feed.status().failure).toBeUndefined();
  });

  it('confirms a snapshot that is still right', async () => {
    store.become('down');
    snapshot.find({ kind: 'found', snapshot: saved });
    await feed.start();
    store.set('one', saved.table.revision, { search: { path: '/api/v1/search' } });
    store.become('up');
    await feed.look();
    expect(current.origin).toEqual({ kind: 'database' });
  });
});

describe('a snapshot that cannot be written', () => {
  it('stops nothing', async () => {
    snapshot.fill();
    store.set('one', 1, { search: { path: '/api/v1/search' } });
    await feed.start();
    expect(routeOf('/api/v1/search')).toBe('search');
    expect(feed.status().failure).toBeUndefined();
  });
});
