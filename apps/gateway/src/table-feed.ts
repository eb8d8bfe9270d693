import { messageOf } from '@newscience/service-kit/error-text';
import type { Logger } from '@newscience/service-kit/logging';
import type { CurrentTable } from './current-table.ts';
import type { SnapshotFile } from './adapters/snapshot-file.ts';
import type { RouteStore, TableVersion, VersionedTable } from './route-store.ts';

/** Keeps the table in force the same as the one in the database, and the snapshot the same as both. */
export type TableFeed = {
  /** Takes the database's table, or the snapshot's where the database is away. Never rejects. */
  start: () => Promise<void>;
  /** Looks now. Resolves when this instance has what the database had at the time of the call, or failed to ask. */
  look: () => Promise<void>;
  status: () => FeedStatus;
  stop: () => Promise<void>;
};

/** `confirmedMs` is how long ago the database last confirmed the table; `undefined` before the first time. */
export type FeedStatus = { confirmedMs: number | undefined; failure: string | undefined };

export type TableFeedOptions = {
  store: RouteStore;
  current: CurrentTable;
  snapshot: SnapshotFile;
  logger: Logger;
  /** Pause between two looks, milliseconds. Default 500. */
  pollMs?: number;
  /** How long the start waits for the database before it turns to the snapshot, milliseconds. Default 3000. */
  firstLookMs?: number;
};

export function createTableFeed(options: TableFeedOptions): TableFeed {
  const { store, current, snapshot, logger, pollMs = 500, firstLookMs = 3000 } = options;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let confirmedAt: number | undefined;
  let failure: string | undefined;
  let looking: Promise<void> | undefined;
  let asked = 0;
  let saving = Promise.resolve();

  const save = (table: VersionedTable): void => {
    saving = saving.then(async () => {
      try {
        await snapshot.write({ ...table, savedAt: new Date().toISOString() });
      } catch (error) {
        logger.error(
          { err: error, file: snapshot.path },
          'the route table snapshot was not written',
        );
      }
    });
  };

  const take = (next: VersionedTable): void => {
    const { version } = current;
    current.adopt(next, { kind: 'database' });
    save(next);
    const { revision, routes } = next.table;
    logger.info(
      { revision, routes: routes.size, from: version?.revision },
      'route table taken over',
    );
    for (const { id, target } of current.steering.unresolved) {
      logger.error({ routeId: id, target }, 'this instance does not know the target of a route');
    }
  };

  const lookOnce = async (): Promise<void> => {
    try {
      const version = await store.version();
      if (current.origin.kind !== 'database' || !sameVersion(version, current.version)) {
        take(await store.load());
      }
      if (failure !== undefined) logger.info('the route table database is back');
      confirmedAt = performance.now();
      failure = undefined;
    } catch (error) {
      const detail = messageOf(error);
      if (failure === undefined) {
        const { revision } = current.steering.table;
        logger.warn(
          { err: error, revision },
          'the route table database is away: going on with what is here',
        );
      }
      failure = detail;
    }
  };

  const lookUntilAnswered = async (): Promise<void> => {
    for (let answered = 0; answered !== asked && !stopped;) {
      answered = asked;
      await lookOnce();
    }
  };

  // One look at a time; whoever asks while one is under way gets one that began after the question.
  const look = (): Promise<void> => {
    asked += 1;
    looking ??= lookUntilAnswered().finally(() => {
      looking = undefined;
    });
    return looking;
  };

  const poll = (): void => {
    if (stopped) return;
    timer = setTimeout(() => void look().finally(poll), pollMs);
  };

  return {
    async start() {
      const first = look();
      await within(firstLookMs, first);
      if (confirmedAt === undefined) await takeSnapshot(options);
      poll();
    },
    look,
    status: () => ({
      confirmedMs: confirmedAt === undefined ? undefined : performance.now() - confirmedAt,
      failure,
    }),
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await looking;
      await saving;
    },
  };
}

async function takeSnapshot({ current, snapshot, logger }: TableFeedOptions): Promise<void> {
  const found = await snapshot.read();
  // The first look may have come to its end meanwhile.
  if (current.origin.kind === 'database') return;
  const file = snapshot.path;
  if (found.kind === 'found') {
    const { savedAt, table } = found.snapshot;
    current.adopt(found.snapshot, { kind: 'snapshot', savedAt });
    logger.warn({ file, savedAt, revision: table.revision }, 'route table taken from the snapshot');
    return;
  }
  const what = 'no route table: the default route takes everything to the monolith';
  if (found.kind === 'absent') logger.warn({ file }, what);
  else logger.error({ file, detail: found.detail }, `the snapshot is damaged and ignored; ${what}`);
}

function sameVersion(a: TableVersion, b: TableVersion | undefined): boolean {
  return a.lineage === b?.lineage && a.revision === b.revision;
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
