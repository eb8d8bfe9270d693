import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPool } from '@newscience/service-kit/postgres';
import { missingMigrations } from '@newscience/outbox/migrations';
import { eventually } from '@newscience/testing/eventually';
import pg from 'pg';

import { type Look, startPlacing } from '../src/adapters/placing.ts';
import { recordArrival } from '../src/consumers/record-arrival.ts';
import { type ActivityApi, startActivityApi } from './activity-api.ts';
import { activityDatabase, logger, migrationsDir } from './activity-site.ts';
import { account, comment, posted, published } from './sample-events.ts';

const HOUR_MS = 3_600_000;
let api: ActivityApi;

beforeAll(async () => {
  api = await startActivityApi({ pollMs: HOUR_MS });
});
afterAll(() => api.close());

const rowsIn = async (table: 'activity' | 'arrival'): Promise<number> => {
  const { rows } = await api.pool.query<{ n: number }>(
    `SELECT count(*)::integer AS n FROM ${table}`,
  );
  return rows[0]?.n ?? 0;
};

describe('arrivals', () => {
  it('get their place when they are announced, without a poll', async () => {
    await api.arrive(published('announced'));
    await eventually(async () => expect(await rowsIn('activity')).toBe(1));
  });

  it('get it by the poll where the announcement is lost', async () => {
    const looks: Look[] = [];
    const client = await api.pool.connect();
    await client.query('BEGIN');
    await recordArrival(client, published('unheard'));
    const polling = startPlacing({
      ...{ databaseUrl: api.database.url, applicationName: 'deaf', logger, pollMs: 30 },
      onLook: (look) => looks.push(look),
    });
    await eventually(() => expect(looks.length).toBeGreaterThan(0));
    // Ends the listening connections of both: what is announced now is heard by nobody.
    await asAdmin(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name IN ('deaf', 'test timeline')`,
    );
    await client.query('COMMIT');
    client.release();
    await eventually(async () => expect(await rowsIn('activity')).toBe(2));
    expect(await rowsIn('arrival')).toBe(0);
    await polling.stop();
  });

  it('get it from several instances at once, each one place', async () => {
    const before = await rowsIn('activity');
    const looks: Look[] = [];
    const others = Array.from({ length: 4 }, () =>
      startPlacing({
        ...{ databaseUrl: api.database.url, applicationName: 'other', logger, pollMs: 5, most: 7 },
        onLook: (look) => looks.push(look),
      }),
    );
    for (let n = 0; n < 40; n += 1)
      await api.arrive(...Array.from({ length: 10 }, (_, m) => published(`many-${n * 10 + m}`)));
    await eventually(async () => expect(await rowsIn('activity')).toBe(before + 400));
    await Promise.all(others.map((other) => other.stop()));
    const { rows } = await api.pool.query<{ id: string }>('SELECT id FROM activity ORDER BY id');
    expect(rows.map(({ id }) => Number(id))).toEqual(rows.map((_, index) => index + 1));
  });

  it('are a matter of one statement: a client that hangs while another places holds nobody up', async () => {
    const client = await api.pool.connect();
    await client.query('BEGIN');
    await recordArrival(client, published('hanging'));
    const before = await rowsIn('activity');
    await api.arrive(published('past-it'));
    await eventually(async () => expect(await rowsIn('activity')).toBe(before + 1));
    await client.query('ROLLBACK');
    client.release();
  });

  it('keep characters that PostgreSQL takes in no text', async () => {
    const before = await rowsIn('activity');
    const text = 'nul \0 and \ud800 half';
    const odd = comment();
    await api.arrive(posted(odd, account('Ines'), text));
    await eventually(async () => expect(await rowsIn('activity')).toBe(before + 1));
    expect(await api.call(`/api/v1/activity/subjects/${odd.id}`)).toMatchObject({
      body: { items: [{ data: { text } }] },
    });
  });
});

describe('a timeline that was restored to an earlier state', () => {
  it('is told to the streams, which go on with it', async () => {
    await api.arrive(published('now-or-never'));
    const stream = await api.stream('?after=0');
    const all = await rowsIn('activity');
    await eventually(() => expect(stream.ids.length).toBe(all));
    await api.pool.query('DELETE FROM activity WHERE id > 3');
    await api.pool.query('UPDATE timeline SET head = 3');
    await api.arrive(published('another-past'));
    await eventually(() => expect(stream.named('reset').length).toBe(1));
    await api.arrive(published('and-another'));
    await eventually(() => expect(stream.ids.at(-1)).toBe(5));
    stream.close();
  });
});

describe('the database', () => {
  it('has the inbox as the library wants it', () => {
    expect(missingMigrations(migrationsDir, ['inbox'])).toEqual([]);
  });

  it('cannot be changed in its form by the role of the service', async () => {
    const database = await activityDatabase();
    const pool = createPool({ url: database.url, applicationName: 'test', logger, max: 1 });
    for (const statement of [
      'DROP TABLE activity',
      'TRUNCATE activity',
      'CREATE TABLE mine (n integer)',
      'DELETE FROM audit.dead_letter_action',
    ])
      await expect(pool.query(statement)).rejects.toMatchObject({ code: '42501' });
    await pool.end();
    await database.drop();
  });
});

async function asAdmin(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: api.database.adminUrl });
  await client.connect();
  await client.query(statement);
  await client.end();
}
