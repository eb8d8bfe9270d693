import { append } from '@newscience/outbox/outbox';
import { withTransaction } from '@newscience/service-kit/postgres';
import type pg from 'pg';
import { z } from 'zod';
import { decide, evolve, type RouteEvent, type RouteTable } from '../domain/route-table.ts';
import type { AuditEntry, RouteStore, TableVersion, VersionedTable } from '../route-store.ts';
import { toCloudEvent } from './route-events.ts';
import { fromStored, storedContent, toStored, UnreadableTable } from './stored-route.ts';

/** The channel on which a change is announced; the payload is the new revision. */
export const ROUTE_TABLE_CHANNEL = 'route_table';

type Database = Pick<pg.Pool | pg.PoolClient, 'query'>;

/** A look at the table takes a millisecond; a database that needs seconds for it counts as away. */
const LOOK_TIMEOUT_MS = 2000;

export function createPostgresRouteStore(pool: pg.Pool): RouteStore {
  return {
    version: () => readVersion(pool),
    load: () => load(pool),
    change: (command) =>
      withTransaction(pool, async (client) => {
        // The lock makes changes wait for each other, so that each decides on the outcome of the last.
        await client.query('SELECT 1 FROM route_table FOR UPDATE');
        const before = await load(client);
        const decided = decide(command, before.table);
        if (!decided.ok) return decided;
        const events = decided.value;
        for (const event of events) await record(client, event);
        const table = events.reduce(evolve, before.table);
        if (events.length > 0) await store(client, command.id, table);
        // The others hear of it if this commits, and not at all if it is rolled back.
        await append(client, events.map(toCloudEvent));
        return { ok: true, value: { events, lineage: before.lineage, table } };
      }),
    audit: (query) => readAudit(pool, query),
  };
}

const revision = z.coerce.number().int().nonnegative();
const versionRow = z.object({ lineage: z.string(), revision });
const tableRow = versionRow.extend({ routes: z.array(z.unknown()) });

async function readVersion(database: Database): Promise<TableVersion> {
  const query = {
    text: 'SELECT lineage, revision FROM route_table',
    query_timeout: LOOK_TIMEOUT_MS,
  };
  const { rows } = await database.query<Record<string, unknown>>(query);
  const row = versionRow.safeParse(rows[0]);
  if (!row.success) throw new UnreadableTable('its revision is missing');
  return row.data;
}

/** One statement, so that routes and revision are of the same moment. The fields are those of `storedRoute`. */
const LOAD = `
  SELECT lineage, revision, (
    SELECT coalesce(jsonb_agg(jsonb_build_object(
      'id', id, 'path', path, 'methods', methods, 'target', target, 'stage', stage, 'revision', revision,
      'lastChange', jsonb_build_object(
        'at', to_char(changed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'actor', changed_by, 'why', why)
    ) ORDER BY id), '[]') FROM route
  ) AS routes FROM route_table`;

async function load(database: Database): Promise<VersionedTable> {
  const query = { text: LOAD, query_timeout: LOOK_TIMEOUT_MS };
  const { rows } = await database.query<Record<string, unknown>>(query);
  const row = tableRow.safeParse(rows[0]);
  if (!row.success) throw new UnreadableTable('it is missing');
  const routes = row.data.routes.map(fromStored);
  const table = {
    revision: row.data.revision,
    routes: new Map(routes.map((route) => [route.id, route])),
  };
  return { lineage: row.data.lineage, table };
}

async function record(client: Database, event: RouteEvent): Promise<void> {
  const { at, actor, why } = event.occasion;
  const [from, to] = statesOf(event);
  await client.query(
    `INSERT INTO audit.route_change (revision, at, actor_id, actor_name, why, event, route_id, from_state, to_state)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [event.revision, at, actor.id, actor.name, why, event.type, event.id, from, to],
  );
}

function statesOf(event: RouteEvent): [unknown, unknown] {
  switch (event.type) {
    case 'RouteDefined':
      return [event.from && storedContent(event.from), storedContent(event.to)];
    case 'RouteStageChanged':
      return [{ stage: event.from }, { stage: event.to }];
    case 'RouteRemoved':
      return [storedContent(event.from), null];
  }
}

async function store(client: Database, id: string, table: RouteTable): Promise<void> {
  const route = table.routes.get(id);
  if (route === undefined) {
    await client.query('DELETE FROM route WHERE id = $1', [id]);
  } else {
    const { path, methods, target, stage, lastChange } = toStored(route);
    await client.query(
      `INSERT INTO route (id, path, methods, target, stage, revision, changed_at, changed_by, why)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       ON CONFLICT (id) DO UPDATE SET path = $2, methods = $3, target = $4, stage = $5,
         revision = $6, changed_at = $7, changed_by = $8, why = $9`,
      [
        id,
        path,
        methods,
        target,
        stage,
        route.revision,
        lastChange.at,
        lastChange.actor,
        lastChange.why,
      ],
    );
  }
  await client.query('UPDATE route_table SET revision = $1', [table.revision]);
  // Delivered at commit, and not at all if this is rolled back.
  await client.query('SELECT pg_notify($1, $2)', [ROUTE_TABLE_CHANNEL, String(table.revision)]);
}

const recordedState = z.object({
  path: z.string().optional(),
  methods: z.array(z.string()).optional(),
  target: z.string().optional(),
  stage: z.looseObject({ name: z.string() }),
});

const auditRow = z.object({
  revision,
  at: z.date(),
  actor_id: z.string(),
  actor_name: z.string(),
  why: z.string(),
  event: z.string(),
  route_id: z.string(),
  from_state: recordedState.nullable(),
  to_state: recordedState.nullable(),
});

async function readAudit(
  database: Database,
  { limit, before, routeId }: Parameters<RouteStore['audit']>[0],
): Promise<AuditEntry[]> {
  const { rows } = await database.query<Record<string, unknown>>(
    `SELECT revision, at, actor_id, actor_name, why, event, route_id, from_state, to_state
       FROM audit.route_change
      WHERE ($1::bigint IS NULL OR revision < $1) AND ($2::text IS NULL OR route_id = $2)
      ORDER BY revision DESC LIMIT $3`,
    [before ?? null, routeId ?? null, limit],
  );
  return rows.map((row) => {
    const entry = auditRow.parse(row);
    return {
      revision: entry.revision,
      occasion: {
        at: entry.at.toISOString(),
        actor: { id: entry.actor_id, name: entry.actor_name },
        why: entry.why,
      },
      event: entry.event,
      routeId: entry.route_id,
      from: entry.from_state,
      to: entry.to_state,
    };
  });
}
