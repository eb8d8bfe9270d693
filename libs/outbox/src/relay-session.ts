import type { CloudEvent } from '@newscience/event-contracts/envelope';
import { reveal, type Secret } from '@newscience/service-kit/secret';
import pg from 'pg';

import { OUTBOX_PARTITIONS } from './domain/key-hash.ts';
import { changeOfShare } from './domain/partition-share.ts';
import { OUTBOX_CHANNEL, RELAY_LEASE, RELAY_PRESENCE } from './lock-classes.ts';

export type PendingEvent = {
  readonly sequence: string;
  readonly key: string;
  readonly event: CloudEvent;
};

export type Backlog = { readonly rows: number; readonly seconds: number };

/**
 * A relay's one connection to the database. Its partitions are advisory locks of this session, and rows are read
 * and removed through it alone: a relay that has lost its partitions has lost the means to touch them.
 */
export type RelaySession = {
  /** Takes or gives up partitions so that all relays have a fair share. Also the sign of life. */
  readonly rebalance: () => Promise<void>;
  /** A sign of life and nothing else. */
  readonly touch: () => Promise<void>;
  readonly partitions: () => readonly number[];
  /** The oldest events of its partitions, none of the keys that are set aside, and none that are under way. */
  readonly read: (limits: {
    readonly events: number;
    readonly bytes: number;
    readonly withoutKeys: readonly string[];
    readonly withoutSequences: readonly string[];
  }) => Promise<readonly PendingEvent[]>;
  readonly remove: (sequences: readonly string[]) => Promise<void>;
  /** How much waits in the whole outbox; counts up to 100,000 rows. */
  readonly backlog: () => Promise<Backlog>;
  /** Frees the partitions at once. */
  readonly close: () => Promise<void>;
};

export type SessionOptions = {
  readonly databaseUrl: string | Secret;
  readonly applicationName: string;
  /** A relay that has given no sign of life for so long loses its session. Milliseconds. */
  readonly lostAfterMs: number;
  /** Events were committed, or the connection was lost: look again. */
  readonly onWake: () => void;
};

const settings = [
  // A removal that a crash of the server undoes is a repetition, and those are allowed.
  'SET synchronous_commit = off',
  // A host that vanishes without a word is noticed within 11 s. Not every platform can be told.
  'SET tcp_keepalives_idle = 5',
  'SET tcp_keepalives_interval = 2',
  'SET tcp_keepalives_count = 3',
];

const relaysAlive = `
SELECT l.pid, coalesce(l.pid <> pg_backend_pid()
  AND a.state_change < clock_timestamp() - make_interval(secs => $2::float8 / 1000), false) AS lost
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.classid = $1::bigint::oid AND l.objsubid = 2 AND l.granted
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

// The limit ends the scan, so no more is locked than is wanted.
const takeLeases =
  'SELECT p FROM unnest($2::int[]) AS p WHERE pg_try_advisory_lock($1, p) LIMIT $3';

const readBatch = `
SELECT sequence, key, event FROM (
  SELECT sequence, key, event, sum(event_bytes) OVER (ORDER BY sequence) - event_bytes AS bytes_before
  FROM (
    SELECT sequence, key, event, event_bytes FROM outbox
    WHERE partition = ANY ($1::smallint[]) AND key <> ALL ($4::text[])
      AND sequence <> ALL ($5::bigint[])
    ORDER BY sequence LIMIT $2
  ) AS oldest
) AS sized
WHERE bytes_before < $3 ORDER BY sequence`;

const measureBacklog = `
SELECT (SELECT count(*) FROM (SELECT 1 FROM outbox LIMIT 100000) AS counted)::int AS rows,
  coalesce(extract(epoch FROM clock_timestamp() - (SELECT appended_at FROM outbox ORDER BY sequence LIMIT 1)), 0)::float8 AS seconds`;

/** @throws Error where the database cannot be reached; nothing is left open */
export async function openRelaySession(options: SessionOptions): Promise<RelaySession> {
  const client = new pg.Client({
    connectionString: reveal(options.databaseUrl),
    application_name: options.applicationName,
    connectionTimeoutMillis: 5000,
    statement_timeout: 15_000,
    // The server's word does not come through a cable that was cut.
    query_timeout: 20_000,
    keepAlive: true,
  });
  client.on('error', options.onWake);
  client.on('end', options.onWake);
  client.on('notification', options.onWake);
  const close = async (): Promise<void> => {
    client.removeAllListeners('end');
    await client.end().catch(() => undefined);
  };
  try {
    await client.connect();
    for (const statement of settings) await client.query(statement).catch(() => undefined);
    await client.query('SELECT pg_advisory_lock_shared($1, 0)', [RELAY_PRESENCE]);
    await client.query(`LISTEN ${OUTBOX_CHANNEL}`);
  } catch (error) {
    await close();
    throw error;
  }
  const held = leases(client, options.lostAfterMs);
  return { ...held, ...rows(client, held.partitions), close };
}

function leases(client: pg.Client, lostAfterMs: number) {
  let held: number[] = [];
  return {
    partitions: () => held,
    touch: async () => {
      await client.query('SELECT 1');
    },
    rebalance: async () => {
      const { rows: relays } = await client.query<{ pid: number; lost: boolean }>(relaysAlive, [
        RELAY_PRESENCE,
        lostAfterMs,
      ]);
      // A relay that was stopped, or hangs, would keep its partitions for as long as its connection stands.
      for (const { pid } of relays.filter(({ lost }) => lost))
        await client.query('SELECT pg_terminate_backend($1)', [pid]);
      const { release, take } = changeOfShare({
        partitions: OUTBOX_PARTITIONS,
        held,
        relays: relays.filter(({ lost }) => !lost).length,
      });
      if (release.length > 0) {
        held = held.filter((partition) => !release.includes(partition));
        await client.query('SELECT pg_advisory_unlock($1, p) FROM unnest($2::int[]) AS p', [
          RELAY_LEASE,
          release,
        ]);
      }
      if (take > 0) {
        const { rows: taken } = await client.query<{ p: number }>(takeLeases, [
          RELAY_LEASE,
          candidates(held),
          take,
        ]);
        held.push(...taken.map(({ p }) => p));
      }
    },
  };
}

/** The other partitions, from a place of chance on, so that relays do not all ask for the same ones. */
function candidates(held: readonly number[]): number[] {
  const start = Math.floor(Math.random() * OUTBOX_PARTITIONS);
  return Array.from(
    { length: OUTBOX_PARTITIONS },
    (_, n) => (start + n) % OUTBOX_PARTITIONS,
  ).filter((partition) => !held.includes(partition));
}

function rows(client: pg.Client, partitions: () => readonly number[]) {
  return {
    read: async (limits: Parameters<RelaySession['read']>[0]) => {
      const { events, bytes, withoutKeys, withoutSequences } = limits;
      const { rows: found } = await client.query<PendingEvent>(readBatch, [
        ...[partitions(), events, bytes, withoutKeys, withoutSequences],
      ]);
      return found;
    },
    remove: async (sequences: readonly string[]) => {
      await client.query('DELETE FROM outbox WHERE sequence = ANY ($1::bigint[])', [sequences]);
    },
    backlog: async () => {
      const { rows: found } = await client.query<Backlog>(measureBacklog);
      return found[0] ?? { rows: 0, seconds: 0 };
    },
  };
}
