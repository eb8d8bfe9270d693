import { once } from 'node:events';

import type { Secret } from '@newscience/service-kit/secret';
import type pg from 'pg';

import { formatLsn, type Lsn } from '../domain/lsn.ts';
import { createDecoder, type Decoded } from './pgoutput.ts';
import { connectForReplication, cutOff } from './replication-connection.ts';

export type StreamItem =
  | { readonly kind: 'change'; readonly message: Decoded; readonly bytes: number }
  /** Everything that was committed before `position` has been sent. */
  | { readonly kind: 'progress'; readonly position: Lsn };

export type ReplicationStream = {
  /** The next item. Rejects when the stream has ended, for whatever reason. */
  readonly next: () => Promise<StreamItem>;
  /** Whether `next` has one at once. */
  readonly hasMore: () => boolean;
  /** PostgreSQL is told with the next status, that it may forget what is before. */
  readonly confirm: (position: Lsn) => void;
  /** When PostgreSQL said something last, milliseconds of `performance.now()`. */
  readonly heardAt: () => number;
  readonly close: () => void;
};

export type StreamOptions = {
  readonly url: string | Secret;
  readonly applicationName: string;
  readonly slot: string;
  readonly publication: string;
  readonly from: Lsn;
  readonly confirmed: Lsn;
  /** How often PostgreSQL is told where we are, milliseconds. Default 1000. */
  readonly statusEveryMs?: number;
};

const HIGH_WATER = 1024 * 1024;
const LOW_WATER = 256 * 1024;
const SILENT_AFTER_MS = 20_000;
/** Milliseconds from 1970 to 2000, where PostgreSQL's clock begins. */
const POSTGRES_EPOCH = 946_684_800_000;

/**
 * Reads a replication slot. While nobody takes items, at most about a megabyte of them is held, and the rest stays
 * with the server. A status goes out every second, whether items come or not and are taken or not, so that the server
 * never takes us for dead.
 *
 * @throws Error of PostgreSQL where the stream cannot be started
 */
export async function openReplicationStream(options: StreamOptions): Promise<ReplicationStream> {
  const { slot, publication, from, statusEveryMs = 1000 } = options;
  const client = await connectForReplication(options.url, options.applicationName);
  const decoder = createDecoder(publication);
  const queue = createQueue(client);
  let received = from;
  let confirmed = options.confirmed;
  let heardAt = performance.now();

  const sendStatus = (wantsAnswer: boolean): void => {
    client.connection.stream.write(copyData(statusUpdate(received, confirmed, wantsAnswer)));
  };
  const fail = (error: Error): void => {
    clearInterval(timer);
    queue.fail(error);
    cutOff(client);
  };
  const timer = setInterval(() => {
    const silentMs = performance.now() - heardAt;
    if (queue.isHeldBack()) heardAt = performance.now();
    else if (silentMs > SILENT_AFTER_MS)
      fail(new Error(`the legacy database has been silent for ${Math.round(silentMs)} ms`));
    else sendStatus(silentMs > SILENT_AFTER_MS / 2);
  }, statusEveryMs);

  client.on('error', fail);
  client.on('end', () => fail(new Error('the replication connection was closed')));
  client.connection.on('copyData', ({ chunk }: { chunk: Buffer }) => {
    heardAt = performance.now();
    try {
      if (chunk[0] === 0x77) {
        received = max(received, chunk.readBigUInt64BE(9));
        // Decoded at once: the buffer is the connection's and will be used again.
        queue.push({
          kind: 'change',
          message: decoder.decode(chunk.subarray(25)),
          bytes: chunk.length,
        });
      } else if (chunk[0] === 0x6b) {
        const position = chunk.readBigUInt64BE(1);
        received = max(received, position);
        queue.push({ kind: 'progress', position });
        if (chunk[17] === 1) sendStatus(false);
      }
    } catch (error) {
      fail(new Error('what the legacy database sent cannot be read', { cause: error }));
    }
  });

  const started = once(client.connection, 'replicationStart');
  const running = client.query(decoder.startCommand(slot, formatLsn(from)));
  try {
    await Promise.race([started, running]);
  } catch (error) {
    fail(error instanceof Error ? error : new Error(String(error)));
    throw error;
  } finally {
    started.catch(() => undefined);
  }
  running.then(
    () => fail(new Error('the legacy database has ended the stream')),
    (error: unknown) => fail(error instanceof Error ? error : new Error(String(error))),
  );
  sendStatus(false);
  return {
    next: queue.next,
    hasMore: queue.hasMore,
    confirm: (position) => {
      confirmed = max(confirmed, position);
    },
    heardAt: () => heardAt,
    close: () => {
      if (!client.connection.stream.destroyed) sendStatus(false);
      fail(new Error('the stream was closed'));
    },
  };
}

function createQueue(client: pg.Client) {
  const items: StreamItem[] = [];
  let bytes = 0;
  let heldBack = false;
  let failure: Error | undefined;
  let waiter: { resolve: (item: StreamItem) => void; reject: (error: Error) => void } | undefined;
  const sizeOf = (item: StreamItem): number => (item.kind === 'change' ? item.bytes : 0);

  return {
    isHeldBack: () => heldBack,
    hasMore: () => items.length > 0,
    push: (item: StreamItem): void => {
      if (waiter !== undefined) {
        const { resolve } = waiter;
        waiter = undefined;
        resolve(item);
        return;
      }
      // Of progress only the latest counts.
      if (item.kind === 'progress' && items.at(-1)?.kind === 'progress') items.pop();
      items.push(item);
      bytes += sizeOf(item);
      if (bytes < HIGH_WATER || heldBack) return;
      heldBack = true;
      client.connection.stream.pause();
    },
    next: (): Promise<StreamItem> => {
      const item = items.shift();
      if (item === undefined) {
        if (failure !== undefined) return Promise.reject(failure);
        return new Promise((resolve, reject) => {
          waiter = { resolve, reject };
        });
      }
      bytes -= sizeOf(item);
      if (heldBack && bytes < LOW_WATER) {
        heldBack = false;
        client.connection.stream.resume();
      }
      return Promise.resolve(item);
    },
    fail: (error: Error): void => {
      failure ??= error;
      waiter?.reject(failure);
      waiter = undefined;
    },
  };
}

function statusUpdate(received: Lsn, confirmed: Lsn, wantsAnswer: boolean): Buffer {
  const status = Buffer.alloc(34);
  status.write('r', 0, 'latin1');
  status.writeBigUInt64BE(received, 1);
  status.writeBigUInt64BE(confirmed, 9);
  status.writeBigUInt64BE(confirmed, 17);
  status.writeBigInt64BE(BigInt(Date.now() - POSTGRES_EPOCH) * 1000n, 25);
  status.writeUInt8(wantsAnswer ? 1 : 0, 33);
  return status;
}

/** The message of PostgreSQL's protocol that carries data in either direction while a stream runs. */
function copyData(payload: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.write('d', 0, 'latin1');
  header.writeUInt32BE(payload.length + 4, 1);
  return Buffer.concat([header, payload]);
}

const max = (a: Lsn, b: Lsn): Lsn => (a > b ? a : b);
