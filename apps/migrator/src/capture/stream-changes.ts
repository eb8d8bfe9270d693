import type { Lsn } from '../domain/lsn.ts';
import { parseLsn } from '../domain/lsn.ts';
import { createConfirmation } from '../domain/confirmation.ts';
import { relationFault } from '../domain/relation-fit.ts';
import { HEARTBEAT_PREFIX } from '../legacy/legacy-database.ts';
import type { Decoded } from '../legacy/pgoutput.ts';
import { openReplicationStream } from '../legacy/replication-stream.ts';
import { outboxBounds, savePosition } from '../store/capture-progress.ts';
import type { CaptureSession } from '../store/capture-session.ts';
import { createBatch } from './capture-batch.ts';
import type { CaptureContext } from './context.ts';
import { SchemaMismatch } from './context.ts';
import { createLegacyTransaction, type LegacyTransaction } from './legacy-transaction.ts';
import { startUpkeep } from './upkeep.ts';

export type StreamFrom = {
  readonly epoch: number;
  readonly position: Lsn;
  readonly systemId: string;
  readonly notices: readonly string[];
};

/** An idle stream's position is written down this often, milliseconds: each time is a write that nobody asked for. */
const SAVE_IDLE_EVERY_MS = 5000;

/**
 * Captures changes from `from` on until something ends it; then it rejects.
 *
 * @throws SnapshotDue, CaptureStopped, Fenced, or what a database has to say
 */
export async function streamChanges(
  context: CaptureContext,
  session: CaptureSession,
  from: StreamFrom,
  signal: AbortSignal,
): Promise<never> {
  const { slot, publication, legacyUrl, tables, metrics } = context;
  const { epoch, systemId } = from;
  const confirmation = createConfirmation(0n);
  const standing = await outboxBounds(context.pool);
  confirmation.captured(from.position, standing.newest);
  const stream = await openReplicationStream({
    url: legacyUrl,
    applicationName: 'migrator-capture',
    slot,
    publication,
    from: from.position,
    confirmed: 0n,
  });

  let saved = from.position;
  let reached = from.position;
  let savedAt = performance.now();
  const batch = createBatch(session);
  let transaction: LegacyTransaction | undefined;
  let transactions = 0;
  let lastCommitAt: string | null = null;

  const upkeep = startUpkeep(context, session, {
    notices: from.notices,
    signal,
    confirm: stream.confirm,
    confirmation,
    progress: () => ({
      saved,
      reached,
      transactions,
      lastCommitAt,
      openSince: transaction?.committedAt ?? null,
    }),
    fail: () => stream.close(),
  });

  const idle = async (position: Lsn): Promise<void> => {
    await commit();
    if (position > reached) reached = position;
    if (position <= saved || performance.now() - savedAt < SAVE_IDLE_EVERY_MS) return;
    await session.transaction((client) => savePosition(client, position, null));
    saved = position;
    savedAt = performance.now();
    confirmation.captured(position, null);
  };

  const commit = async (): Promise<void> => {
    const committed = await batch.commit();
    if (committed === null) return;
    saved = committed.position;
    savedAt = performance.now();
    transactions += committed.transactions;
    lastCommitAt = committed.committedAt;
    confirmation.captured(committed.position, committed.newest);
  };

  const end = async (open: LegacyTransaction, position: Lsn): Promise<void> => {
    const { rows, types } = await open.end(position);
    transaction = undefined;
    if (position > reached) reached = position;
    if (rows > 0) metrics.transaction(rows);
    metrics.events(types);
    // While more is there already, it goes into the same local transaction.
    if (batch.isFull() || !stream.hasMore()) await commit();
  };

  const take = async (message: Decoded): Promise<void> => {
    switch (message.tag) {
      case 'begin':
        transaction = createLegacyTransaction({
          batch,
          tables,
          epoch,
          systemId,
          committedAt: timeOf(message.commitTime.valueOf()),
        });
        return;
      case 'commit': {
        if (transaction !== undefined && message.commitEndLsn !== null)
          await end(transaction, parseLsn(message.commitEndLsn));
        return;
      }
      case 'relation':
        checkRelation(context, message);
        return;
      case 'message':
        if (message.prefix === HEARTBEAT_PREFIX)
          upkeep.heartbeatSeen(Buffer.from(message.content).toString('utf8'));
        return;
      case 'insert':
      case 'update':
      case 'delete':
      case 'truncate':
        await transaction?.change(message);
        return;
      case 'origin':
      case 'type':
    }
  };

  try {
    for (;;) {
      const item = await stream.next();
      upkeep.check();
      if (item.kind === 'change') await take(item.message);
      else if (transaction === undefined) await idle(item.position);
      if (transaction === undefined && !stream.hasMore()) await commit();
    }
  } catch (error) {
    await batch.rollback();
    upkeep.check();
    throw error;
  } finally {
    stream.close();
    await upkeep.stop();
  }
}

function checkRelation(
  { tables }: CaptureContext,
  relation: Extract<Decoded, { tag: 'relation' }>,
): void {
  const expected = relation.schema === 'public' ? tables.get(relation.name) : undefined;
  const fault = expected === undefined ? null : relationFault(expected, relation);
  if (fault !== null) throw new SchemaMismatch(fault);
}

/** Microseconds since 1970 as RFC 3339. */
const timeOf = (micros: bigint): string => new Date(Number(micros / 1000n)).toISOString();
