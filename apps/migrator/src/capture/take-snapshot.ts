import { append } from '@newscience/outbox/outbox';
import type pg from 'pg';

import { keyOf, applyChanges, sweepEpochs } from '../store/mirror.ts';
import type { CaptureState, TableState } from '../domain/capture-state.ts';
import { formatLsn, type Lsn } from '../domain/lsn.ts';
import { dropSlot } from '../legacy/legacy-database.ts';
import {
  connectForReplication,
  createSlot,
  cutOff,
  identifySystem,
} from '../legacy/replication-connection.ts';
import { openSnapshot } from '../legacy/snapshot-reader.ts';
import type { Kind } from '../store/aggregates.ts';
import {
  completeSnapshot,
  MIGRATOR,
  nextEpoch,
  readProgress,
  recordAction,
  requireSnapshot,
} from '../store/capture-progress.ts';
import type { CaptureSession } from '../store/capture-session.ts';
import type { CaptureContext } from './context.ts';
import { type Occasion, occasionOf, tell } from './tell.ts';

const SWEEP_ROWS = 2000;
const PAGE = 100;

/**
 * Makes the slot anew, reads the captured tables as they are at that point, and tells whatever differs from what was
 * told before. Whatever ends it half-way, the next one begins from the start: nothing of it counts before its last
 * transaction, and what was told meanwhile is known to the next comparison.
 */
export async function takeSnapshot(
  context: CaptureContext,
  session: CaptureSession,
  why: string,
  signal: AbortSignal,
): Promise<void> {
  const { logger, metrics, slot, legacy } = context;
  const progress = createProgress(context, why);
  logger.warn({ why }, 'a fresh snapshot of the legacy database begins');
  metrics.snapshot();
  const epoch = await session.transaction(async (client) => {
    await recordAction(client, { action: 'snapshot_begun', actor: MIGRATOR, why });
    // From here on there is no way back to the old slot.
    await requireSnapshot(client, why);
    return nextEpoch(client);
  });
  const { epoch: current } = await readProgress(context.pool);
  await sweep(session, current === null ? [epoch] : [current, epoch], signal);
  await dropSlot(legacy, slot);

  const replication = await connectForReplication(context.legacyUrl, 'migrator-snapshot');
  const stop = (): void => cutOff(replication);
  signal.addEventListener('abort', stop, { once: true });
  try {
    const { systemId } = await identifySystem(replication);
    const { consistentPoint, snapshot } = await createSlot(replication, slot);
    await copyTables(context, session, { epoch, snapshot, progress, signal });
    const occasion = occasionOf(systemId, String(consistentPoint), null);
    await compare(session, { epoch, occasion, progress, signal });
    await finish(session, { epoch, position: consistentPoint, systemId, why });
    logger.info(
      { position: formatLsn(consistentPoint), ...progress.counts() },
      'the snapshot is complete',
    );
    await sweep(session, [epoch], signal);
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

const finish = (
  session: CaptureSession,
  done: { epoch: number; position: Lsn; systemId: string; why: string },
): Promise<void> =>
  session.transaction(async (client) => {
    await completeSnapshot(client, done);
    await recordAction(client, { action: 'snapshot_completed', actor: MIGRATOR, why: done.why });
  });

async function sweep(
  session: CaptureSession,
  keep: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  while ((await session.transaction((client) => sweepEpochs(client, keep, SWEEP_ROWS))) > 0)
    signal.throwIfAborted();
}

type Copying = { epoch: number; snapshot: string; progress: SnapshotProgress; signal: AbortSignal };

async function copyTables(
  { legacy, tables }: CaptureContext,
  session: CaptureSession,
  { epoch, snapshot, progress, signal }: Copying,
): Promise<void> {
  const reader = await openSnapshot(legacy, snapshot);
  try {
    for (const table of tables.values()) {
      progress.reading(table.name, 0);
      for await (const rows of reader.rows(table)) {
        signal.throwIfAborted();
        const puts = rows.map((row) => ({
          relation: table.name,
          key: keyOf(table, row),
          change: { kind: 'put' as const, row },
        }));
        await session.transaction((client) => applyChanges(client, epoch, tables, puts));
        progress.reading(table.name, rows.length);
      }
      progress.read(table.name);
    }
  } finally {
    await reader.end();
  }
}

const ownRows: readonly (readonly [Kind, string])[] = [
  ['user', 'usr'],
  ['article', 'art'],
  ['comment', 'cmt'],
];

const livePage = `
SELECT key AS legacy_key, key AS place FROM mirror
WHERE epoch = $1 AND relation = $2 AND key > $3 ORDER BY key LIMIT ${PAGE}`;

const gonePage = `
SELECT legacy_key, subject AS place FROM published p
WHERE kind = $4 AND subject > $3
  AND NOT EXISTS (SELECT 1 FROM mirror m WHERE m.epoch = $1 AND m.relation = $2 AND m.subject = p.subject)
ORDER BY subject LIMIT ${PAGE}`;

type Comparing = {
  epoch: number;
  occasion: Occasion;
  progress: SnapshotProgress;
  signal: AbortSignal;
};

/** A page at a time, each a transaction of its own. */
async function compare(session: CaptureSession, comparing: Comparing): Promise<void> {
  const { epoch, progress, signal } = comparing;
  for (const [kind, relation] of ownRows)
    for (const page of [livePage, gonePage]) {
      let place = '';
      for (let more = true; more;) {
        signal.throwIfAborted();
        const next = await session.transaction(async (client) => {
          const values =
            page === livePage ? [epoch, relation, place] : [epoch, relation, place, kind];
          return tellPage(client, { page, values, kind, epoch, occasion: comparing.occasion });
        });
        progress.compared(next.count);
        place = next.place ?? place;
        more = next.count > 0;
      }
    }
}

async function tellPage(
  client: pg.Client,
  at: { page: string; values: unknown[]; kind: Kind; epoch: number; occasion: Occasion },
): Promise<{ count: number; place: string | undefined }> {
  const { rows } = await client.query<{ legacy_key: string; place: string }>(at.page, at.values);
  const keys = rows.map(({ legacy_key: key }) => key);
  await tell(client, at.epoch, at.kind, keys, at.occasion, (events) => append(client, events));
  return { count: rows.length, place: rows.at(-1)?.place };
}

type SnapshotProgress = ReturnType<typeof createProgress>;

function createProgress(context: CaptureContext, why: string) {
  const since = context.now().toISOString();
  const tables = new Map<string, TableState>(
    [...context.tables.keys()].map((table) => [table, { table, status: 'waiting', rows: 0 }]),
  );
  let step: Extract<CaptureState, { status: 'snapshot' }>['step'] = 'waiting_for_slot';
  let compared = 0;
  const show = (): void =>
    context.setState({
      status: 'snapshot',
      why,
      since,
      step,
      tables: [...tables.values()],
      compared,
    });
  const change = (table: string, status: TableState['status'], more: number): void => {
    step = 'reading';
    tables.set(table, { table, status, rows: (tables.get(table)?.rows ?? 0) + more });
    show();
  };
  show();
  return {
    reading: (table: string, more: number) => change(table, 'reading', more),
    read: (table: string) => change(table, 'read', 0),
    compared: (more: number) => {
      step = 'comparing';
      compared += more;
      show();
    },
    counts: () => ({
      rows: [...tables.values()].reduce((sum, { rows }) => sum + rows, 0),
      aggregates: compared,
    }),
  };
}
