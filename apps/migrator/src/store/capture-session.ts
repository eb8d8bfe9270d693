import { reveal, type Secret } from '@newscience/service-kit/secret';
import pg from 'pg';

/** Taken by the one that captures, for as long as its session lives. */
const CAPTURE_LOCK = 5_118_204_733;

/** Another instance captures by now: whatever was tried has changed nothing. */
export class Fenced extends Error {
  constructor() {
    super('another instance captures by now');
    this.name = 'Fenced';
  }
}

/**
 * The right to capture. It is the lock of one database session, and everything that capture writes goes through that
 * session: who has lost the right has lost the means. The generation is checked in each transaction on top.
 */
export type CaptureSession = {
  readonly generation: string;
  /** Runs `work` in a transaction of its own. @throws Fenced where another instance captures by now */
  readonly transaction: <T>(work: (client: pg.Client) => Promise<T>) => Promise<T>;
  /** For a transaction that is built up as changes come in. */
  readonly begin: () => Promise<pg.Client>;
  readonly commit: () => Promise<void>;
  readonly rollback: () => Promise<void>;
  readonly isLost: () => boolean;
  readonly close: () => void;
};

// The stronger lock waits for a transaction of the former owner, should one be left.
const announce = `
WITH held AS (SELECT 1 FROM capture_owner FOR UPDATE)
UPDATE capture_owner SET generation = generation + 1, name = $1, seen_at = clock_timestamp(), doing = 'starting'
FROM held RETURNING generation::text`;

/**
 * The right to capture, or null while another instance has it.
 * @throws Error where the database cannot be reached
 */
export async function openCaptureSession(
  url: string | Secret,
  name: string,
): Promise<CaptureSession | null> {
  const client = new pg.Client({
    connectionString: reveal(url),
    application_name: 'migrator-capture',
    connectionTimeoutMillis: 5000,
    statement_timeout: 60_000,
    query_timeout: 65_000,
    keepAlive: true,
  });
  let lost = false;
  const lose = (): void => {
    lost = true;
  };
  client.on('error', lose);
  client.on('end', lose);
  const close = (): void => {
    lost = true;
    client.connection.stream.destroy();
  };
  try {
    await client.connect();
    // What was confirmed to the legacy database must not be forgotten here by a crash of the server.
    await client.query('SET synchronous_commit = on');
    // A host that vanishes without a word is noticed within 11 s. Not every platform can be told.
    for (const [setting, seconds] of [
      ['idle', 5],
      ['interval', 2],
      ['count', 3],
    ] as const)
      await client.query(`SET tcp_keepalives_${setting} = ${seconds}`).catch(() => undefined);
    const { rows } = await client.query<{ taken: boolean }>(
      'SELECT pg_try_advisory_lock($1) AS taken',
      [CAPTURE_LOCK],
    );
    if (rows[0]?.taken !== true) {
      await client.end();
      return null;
    }
    const owned = await client.query<{ generation: string }>(announce, [name]);
    return sessionOf(client, owned.rows[0]?.generation ?? '', () => lost, close);
  } catch (error) {
    close();
    throw error;
  }
}

function sessionOf(
  client: pg.Client,
  generation: string,
  isLost: () => boolean,
  close: () => void,
): CaptureSession {
  const begin = async (): Promise<pg.Client> => {
    await client.query('BEGIN');
    // A shared lock: the next owner has to wait for this transaction, and then this generation is over.
    const { rowCount } = await client.query(
      'SELECT 1 FROM capture_owner WHERE generation = $1 FOR KEY SHARE',
      [generation],
    );
    if (rowCount === 1) return client;
    await client.query('ROLLBACK');
    close();
    throw new Fenced();
  };
  const commit = async (): Promise<void> => {
    const { command } = await client.query('COMMIT');
    if (command !== 'COMMIT') throw new Error('The transaction was rolled back.');
  };
  const rollback = async (): Promise<void> => {
    // A session that cannot even roll back is of no use any more.
    await client.query('ROLLBACK').catch(close);
  };
  return {
    generation,
    begin,
    commit,
    rollback,
    transaction: async (work) => {
      const open = await begin();
      try {
        const result = await work(open);
        await commit();
        return result;
      } catch (error) {
        await rollback();
        throw error;
      }
    },
    isLost,
    close,
  };
}

const lockHolder = `
l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.classid = ($1::bigint >> 32)::oid AND l.objid = ($1::bigint & 4294967295)::oid
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/** Whether some instance captures now. */
export async function isOwned(pool: pg.Pool): Promise<boolean> {
  const { rowCount } = await pool.query(`SELECT 1 FROM pg_locks l WHERE ${lockHolder}`, [
    CAPTURE_LOCK,
  ]);
  return rowCount !== 0;
}

const endHungOwner = `
SELECT pg_terminate_backend(l.pid) FROM pg_locks l, capture_owner o
WHERE ${lockHolder}
  AND o.seen_at < clock_timestamp() - make_interval(secs => $2::float8 / 1000)`;

/** Ends the session of an owner that has given no sign of life for so long, milliseconds. */
export async function endSilentOwner(pool: pg.Pool, silentMs: number): Promise<boolean> {
  const { rowCount } = await pool.query(endHungOwner, [CAPTURE_LOCK, silentMs]);
  return (rowCount ?? 0) > 0;
}
