import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { eventually } from '@newscience/testing/eventually';
import { Client } from 'pg';
import { type Answer, apiClient } from '../api.ts';
import type { Instance } from '../site.ts';
import { bodyOf } from './newsroom.ts';

/** As the OpenAPI document of the activity service promises it. */
export type Activity = {
  readonly id: number;
  readonly eventId: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly time: string;
  readonly receivedAt: string;
  readonly traceId: string | null;
  readonly summary: string;
  readonly data: Record<string, unknown>;
  readonly erasedAt: string | null;
};

export type Timeline = {
  readonly call: (method: string, path: string, body?: unknown) => Promise<Answer>;
  /** Everything that matches, oldest first, over all pages. */
  readonly all: (query: Record<string, string>) => Promise<Activity[]>;
  /** The events of one aggregate itself, oldest first; none where it is unknown. */
  readonly of: (subject: string) => Promise<Activity[]>;
  readonly counters: () => Promise<{ counts: Map<string, number>; agrees: boolean }>;
  /** Waits until the aggregate has as many events, and gives them. */
  readonly told: (subject: string, count: number) => Promise<Activity[]>;
};

export function serviceUrl({ services }: Pick<Instance, 'services'>, name: string): string {
  const url = services.find((service) => service.name === name)?.url;
  if (url === undefined) throw new Error(`instance.json names no ${name}`);
  return url;
}

/** What the activity service knows, as an operator sees it. */
export function timelineOf(site: Pick<Instance, 'services'>, token: string): Timeline {
  const call = apiClient(serviceUrl(site, 'activity-service'), token);
  const all: Timeline['all'] = async (query) => {
    const found: Activity[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const search = new URLSearchParams({
        limit: '200',
        ...query,
        ...(cursor === '' ? {} : { cursor }),
      });
      const answer = await call('GET', `/api/v1/activity?${search.toString()}`);
      if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
      const page: { items: Activity[]; nextCursor: string | null } = bodyOf(answer);
      found.push(...page.items);
      cursor = page.nextCursor;
    }
    return found.reverse();
  };
  const of: Timeline['of'] = (subject) => all({ subject });
  return {
    call,
    all,
    of,
    counters: async () => {
      const { items, agrees } = bodyOf<{
        items: { type: string; count: number }[];
        agrees: boolean;
      }>(await call('GET', '/api/v1/activity/counters?check=true'));
      return { counts: new Map(items.map(({ type, count }) => [type, count])), agrees };
    },
    told: (subject, count) =>
      eventually(async () => {
        const found = await of(subject);
        expect(found.map(kind)).toHaveLength(count);
        return found;
      }),
  };
}

/** `Published 2`: the short name of what happened, with the revision where there is one. */
export function kind({ type, data }: Pick<Activity, 'type' | 'data'>): string {
  const name = type.split('.').at(-2) ?? type;
  return typeof data['revision'] === 'number' ? `${name} ${data['revision']}` : name;
}

/**
 * Resolves when everything that was committed before the call has been told: a mark written after it has come
 * through. What has not come by then never will, so that a test can say that nothing happened.
 */
export async function settled(
  timeline: Timeline,
  mark: () => Promise<{ id: string }>,
): Promise<void> {
  const { id } = await mark();
  await timeline.told(id, 1);
  await eventually(async () => {
    const { items } = bodyOf<{ items: { behind: number }[] }>(
      await timeline.call('GET', '/admin/events/lag'),
    );
    expect(items.filter(({ behind }) => behind > 0)).toEqual([]);
  });
}

/** A connection as one of the launcher's roles; of services the role has the database's name. */
export async function asRole<T>(
  site: Pick<Instance, 'dataDir' | 'url'>,
  role: string,
  database: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const secret = join(site.dataDir, 'secrets', `${role.replaceAll('_', '-')}.secret`);
  const client = new Client({
    host: '127.0.0.1',
    port: Number(new URL(site.url).port) + 9,
    user: role,
    password: readFileSync(secret, 'utf8').trim(),
    database,
  });
  client.on('error', () => undefined); // the end of the server is part of some tests
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Statements of another writer of the legacy database, in one transaction. */
export function inOneTransaction(
  site: Pick<Instance, 'dataDir' | 'url'>,
  ...statements: readonly (readonly [string, ...unknown[]])[]
): Promise<void> {
  return asRole(site, 'monolith', 'monolith', async (client) => {
    await client.query('BEGIN');
    for (const [sql, ...values] of statements) await client.query(sql, values);
    await client.query('COMMIT');
  });
}

/** Every row of every table that a role may read, as one text each, with the table's name in front. */
export function everythingIn(
  site: Pick<Instance, 'dataDir' | 'url'>,
  database: string,
): Promise<string[]> {
  return asRole(site, database, database, async (client) => {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
       WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
         AND has_table_privilege(format('%I.%I', table_schema, table_name), 'SELECT')`,
    );
    const texts: string[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ text: string }>(
        `SELECT t::text AS text FROM ${name} t`,
      );
      texts.push(...rows.map(({ text }) => `${name}: ${text}`));
    }
    return texts;
  });
}

/** The latest event of a key as it lies on the bus, whole. */
export function latestOnBus(
  site: Pick<Instance, 'dataDir' | 'url'>,
  subject: string,
): Promise<{ id: string; type: string; data: Record<string, unknown> }> {
  return asRole(site, 'bus', 'bus', async (client) => {
    const { rows } = await client.query<{ event: string }>(
      'SELECT event FROM event_log WHERE key = $1 ORDER BY position DESC LIMIT 1',
      [subject],
    );
    return JSON.parse(rows[0]?.event ?? 'null') as Awaited<ReturnType<typeof latestOnBus>>;
  });
}
