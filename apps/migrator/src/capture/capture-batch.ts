import type { CloudEvent } from '@newscience/event-contracts/envelope';
import { append } from '@newscience/outbox/outbox';
import type pg from 'pg';

import type { Lsn } from '../domain/lsn.ts';
import { outboxBounds, savePosition } from '../store/capture-progress.ts';
import type { CaptureSession } from '../store/capture-session.ts';

/**
 * One local transaction: of one legacy transaction, or of several that have come in while the one before was being
 * captured. A legacy transaction is never torn.
 */
export type CaptureBatch = {
  /** The local transaction; begins it. */
  readonly open: () => Promise<pg.Client>;
  /** Goes into the outbox with the batch, in this order. */
  readonly tell: (events: readonly CloudEvent[]) => Promise<void>;
  /** A legacy transaction is in it with all its changes. */
  readonly ended: (end: Lsn, committedAt: string) => void;
  readonly isFull: () => boolean;
  readonly commit: () => Promise<Committed | null>;
  readonly rollback: () => Promise<void>;
};

export type Committed = {
  readonly position: Lsn;
  readonly committedAt: string;
  readonly transactions: number;
  /** Newest event in the outbox; null where none waits. */
  readonly newest: bigint | null;
};

const MOST_TRANSACTIONS = 100;
/** Events wait in memory up to so many characters of JSON, about. */
const MOST_EVENT_BYTES = 1024 * 1024;
const MOST_EVENTS = 500;

export function createBatch(session: CaptureSession): CaptureBatch {
  let client: pg.Client | undefined;
  let last: { readonly position: Lsn; readonly committedAt: string } | undefined;
  let transactions = 0;
  let events: CloudEvent[] = [];
  let bytes = 0;

  const open = async (): Promise<pg.Client> => (client ??= await session.begin());
  const flush = async (): Promise<void> => {
    if (events.length === 0) return;
    const taken = events;
    events = [];
    bytes = 0;
    await append(await open(), taken);
  };
  const reset = (): void => {
    client = undefined;
    last = undefined;
    transactions = 0;
    events = [];
    bytes = 0;
  };

  return {
    open,
    tell: async (more) => {
      events.push(...more);
      for (const event of more) bytes += bytesOf(event);
      if (events.length >= MOST_EVENTS || bytes >= MOST_EVENT_BYTES) await flush();
    },
    ended: (position, committedAt) => {
      // A transaction of which nothing was captured moves nothing.
      if (client === undefined) return;
      last = { position, committedAt };
      transactions += 1;
    },
    isFull: () => transactions >= MOST_TRANSACTIONS,
    commit: async () => {
      if (client === undefined || last === undefined) return null;
      const { position, committedAt } = last;
      await flush();
      await savePosition(client, position, committedAt);
      const { newest } = await outboxBounds(client);
      await session.commit();
      const committed = { position, committedAt, transactions, newest };
      reset();
      return committed;
    },
    rollback: async () => {
      const wasOpen = client !== undefined;
      reset();
      if (wasOpen) await session.rollback();
    },
  };
}

/** An article's body is most of it. */
function bytesOf({ data }: CloudEvent): number {
  const isArticle = typeof data === 'object' && data !== null && 'body' in data;
  return 500 + (isArticle && typeof data.body === 'string' ? data.body.length : 0);
}
