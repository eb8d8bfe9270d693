import { reveal, type Secret } from '@newscience/service-kit/secret';
import pg from 'pg';
import type { ReplicationClientConfig } from 'pg-logical-replication';
import { z } from 'zod';

import { parseLsn, type Lsn } from '../domain/lsn.ts';

/** The text forms of values do not depend on how the server is set up. */
const TEXT_FORMS = '-c TimeZone=UTC -c DateStyle=ISO -c bytea_output=hex';

/** A connection that speaks the replication protocol. */
export async function connectForReplication(
  url: string | Secret,
  applicationName: string,
): Promise<pg.Client> {
  const config: ReplicationClientConfig = {
    connectionString: reveal(url),
    application_name: applicationName,
    replication: 'database',
    options: TEXT_FORMS,
    connectionTimeoutMillis: 5000,
    keepAlive: true,
  };
  const client = new pg.Client(config);
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    client.connection.stream.destroy();
    throw error;
  }
  return client;
}

/** Ends it without waiting for what the server has to say. */
export function cutOff(client: pg.Client): void {
  client.connection.stream.destroy();
}

const identity = z.object({ systemid: z.string(), xlogpos: z.string(), dbname: z.string() });

export async function identifySystem(
  client: pg.Client,
): Promise<{ systemId: string; end: Lsn; database: string }> {
  const { rows } = await client.query<Record<string, unknown>>('IDENTIFY_SYSTEM');
  const { systemid, xlogpos, dbname } = identity.parse(rows[0]);
  return { systemId: systemid, end: parseLsn(xlogpos), database: dbname };
}

const created = z.object({ consistent_point: z.string(), snapshot_name: z.string() });

export type CreatedSlot = {
  /** The snapshot holds what was committed before, the slot has what is committed after. */
  readonly consistentPoint: Lsn;
  /** For `SET TRANSACTION SNAPSHOT`, for as long as the connection does nothing else. */
  readonly snapshot: string;
};

/** Waits until every transaction that is open on the server now has ended. */
export async function createSlot(client: pg.Client, slot: string): Promise<CreatedSlot> {
  const { rows } = await client.query<Record<string, unknown>>(
    `CREATE_REPLICATION_SLOT ${slot} LOGICAL pgoutput (SNAPSHOT 'export')`,
  );
  const { consistent_point, snapshot_name } = created.parse(rows[0]);
  return { consistentPoint: parseLsn(consistent_point), snapshot: snapshot_name };
}
