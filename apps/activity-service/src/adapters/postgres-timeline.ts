import { withTransaction } from '@newscience/service-kit/postgres';
import type pg from 'pg';
import { z } from 'zod';

import type { Activity, Common, Timeline } from '../activity.ts';
import { conditionsOf } from './filter-conditions.ts';

type Database = Pick<pg.Pool | pg.PoolClient, 'query'>;

const columns =
  'id, source, event_id, type, subject, "time", received_at, trace_id, summary, data, personal, erased_at';

const object = z.record(z.string(), z.unknown());
const number = z.coerce.number().int().nonnegative();
const time = z.date().transform((at) => at.toISOString());

const activityRow = z
  .object({
    id: number,
    source: z.string(),
    event_id: z.string(),
    type: z.string(),
    subject: z.string(),
    time,
    received_at: time,
    trace_id: z.string().nullable(),
    summary: z.string(),
    data: object,
    personal: z.object({ summary: z.string(), data: object }).nullable(),
    erased_at: time.nullable(),
  })
  .transform((row): Activity => ({
    id: row.id,
    eventId: row.event_id,
    type: row.type,
    source: row.source,
    subject: row.subject,
    time: row.time,
    receivedAt: row.received_at,
    traceId: row.trace_id,
    summary: row.personal?.summary ?? row.summary,
    data: { ...row.data, ...row.personal?.data },
    erasedAt: row.erased_at,
  }));

const headRow = z.object({ head: number });
const counterRow = z
  .object({ type: z.string(), count: number, last_at: time })
  .transform(({ type, count, last_at: lastAt }) => ({ type, count, lastAt }));
const storedRow = z.object({ type: z.string(), stored: number, last_at: time });
const totalRow = z.object({ type: z.string(), count: number, first_at: time, last_at: time });

/** The timeline in the service's own database. */
export function createPostgresTimeline(pool: pg.Pool): Timeline {
  return {
    head: async () => {
      const [row] = await read(pool, headRow, 'SELECT head FROM timeline');
      return row?.head ?? 0;
    },
    list: (filter, { before, limit }) => {
      const values: unknown[] = [];
      const conditions = conditionsOf(filter, values);
      if (before !== undefined) conditions.push(`id < $${values.push(before)}`);
      return select(pool, conditions, values, `id DESC LIMIT $${values.push(limit)}`);
    },
    follow: (filter, { after, upTo, limit }) => {
      const values: unknown[] = [after, upTo];
      const conditions = ['id > $1', 'id <= $2', ...conditionsOf(filter, values)];
      return select(pool, conditions, values, `id LIMIT $${values.push(limit)}`);
    },
    correlate: (common, page) =>
      withTransaction(pool, (client) => correlate(client, common, page), {
        isolation: 'repeatable read',
      }),
    counters: () =>
      read(pool, counterRow, 'SELECT type, count, last_at FROM counter ORDER BY type'),
    checkCounters: () => withTransaction(pool, checkCounters, { isolation: 'repeatable read' }),
  };
}

async function correlate(
  client: Database,
  common: Common,
  { after, limit }: { readonly after: number; readonly limit: number },
) {
  const [condition, value] =
    'trace' in common
      ? ['trace_id = $1', common.trace]
      : ['about @> ARRAY[$1::text]', common.aggregate];
  const totals = await read(
    client,
    totalRow,
    `SELECT type, count(*) AS count, min("time") AS first_at, max("time") AS last_at
       FROM activity WHERE ${condition} GROUP BY type ORDER BY type`,
    [value],
  );
  const [first] = totals;
  if (first === undefined) return undefined;
  const sum = { count: 0, firstAt: first.first_at, lastAt: first.last_at };
  for (const { count, first_at: firstAt, last_at: lastAt } of totals) {
    sum.count += count;
    if (firstAt < sum.firstAt) sum.firstAt = firstAt;
    if (lastAt > sum.lastAt) sum.lastAt = lastAt;
  }
  return {
    ...sum,
    types: totals.map(({ type, count }) => ({ type, count })),
    items: await select(client, [condition, 'id > $2'], [value, after, limit], 'id LIMIT $3'),
  };
}

async function checkCounters(client: Database) {
  const counted = await read(client, counterRow, 'SELECT type, count, last_at FROM counter');
  const stored = await read(
    client,
    storedRow,
    'SELECT type, count(*) AS stored, max("time") AS last_at FROM activity GROUP BY type',
  );
  const types = [...new Set([...counted, ...stored].map(({ type }) => type))].sort();
  return types.flatMap((type) => {
    const counter = counted.find((one) => one.type === type);
    const rows = stored.find((one) => one.type === type);
    const lastAt = counter?.lastAt ?? rows?.last_at;
    if (lastAt === undefined) return [];
    return [{ type, count: counter?.count ?? 0, lastAt, stored: rows?.stored ?? 0 }];
  });
}

const select = (
  database: Database,
  conditions: readonly string[],
  values: readonly unknown[],
  order: string,
): Promise<Activity[]> => {
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  return read(
    database,
    activityRow,
    `SELECT ${columns} FROM activity ${where} ORDER BY ${order}`,
    values,
  );
};

async function read<S extends z.ZodType>(
  database: Database,
  row: S,
  text: string,
  values: readonly unknown[] = [],
): Promise<z.output<S>[]> {
  const { rows } = await database.query<Record<string, unknown>>(text, [...values]);
  return rows.map((one) => row.parse(one));
}
