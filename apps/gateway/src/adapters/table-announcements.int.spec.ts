import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger } from '@newscience/service-kit/logging';
import { eventually } from '@newscience/testing/eventually';
import type { TestDatabase } from '@newscience/testing/template-database';
import pg from 'pg';
import { gatewayDatabase } from '../../test/gateway-database.ts';
import { severableLink, type SeverableLink } from '../../test/severable-link.ts';
import { ROUTE_TABLE_CHANNEL } from './postgres-route-store.ts';
import { listenForAnnouncements, type Announcements } from './table-announcements.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
let database: TestDatabase;
let link: SeverableLink;
let databaseUrl: string;
let announcements: Announcements;
let heard = 0;

beforeAll(async () => {
  database = await gatewayDatabase();
  const url = new URL(database.url);
  link = await severableLink({ host: url.hostname, port: Number(url.port) });
  url.port = String(link.port);
  databaseUrl = url.href;
});

afterEach(() => announcements.stop());

afterAll(async () => {
  await link.close();
  await database.drop();
});

function start(): void {
  heard = 0;
  const onChange = () => (heard += 1);
  announcements = listenForAnnouncements({
    databaseUrl,
    applicationName: 'test',
    logger,
    onChange,
    retryMs: 20,
  });
}

async function announce(): Promise<void> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(`SELECT pg_notify($1, '1')`, [ROUTE_TABLE_CHANNEL]);
  await client.end();
}

const heardTimes = (times: number) => eventually(() => expect(heard).toBe(times));

describe('announcements', () => {
  it('are heard; the first is that the connection is up', async () => {
    start();
    await heardTimes(1);
    await announce();
    await heardTimes(2);
  });

  it('are heard again after the connection was cut, and one is said for what may have been missed', async () => {
    start();
    await heardTimes(1);
    await link.cut();
    await announce();
    await link.restore();
    await heardTimes(2);
    await announce();
    await heardTimes(3);
  });

  it('are heard where the database comes up later', async () => {
    await link.cut();
    start();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(heard).toBe(0);
    await link.restore();
    await heardTimes(1);
  });

  it('end at once while the database is away', async () => {
    await link.cut();
    start();
    await announcements.stop();
    await link.restore();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(heard).toBe(0);
  });
});
