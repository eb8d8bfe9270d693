import { createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { busMigrations } from '@newscience/event-bus/migrate';
import { parseEvent, type KnownEvent } from '@newscience/event-contracts/registry';
import { migrate } from '@newscience/service-kit/migrations';
import { eventually } from '@newscience/testing/eventually';
import { type ServiceProcess, startService } from '@newscience/testing/service-process';
import { createTemplate, type TestDatabase } from '@newscience/testing/template-database';
import pg from 'pg';

import { provision } from '../src/legacy/provisioning.ts';

const apps = join(import.meta.dirname, '../..');
export const main = join(apps, 'migrator/src/main.ts');

/** The monolith's real tables, an empty bus, an empty migrator, and processes to start on them. */
export type CaptureSite = {
  readonly legacy: pg.Pool;
  readonly own: pg.Pool;
  readonly bus: pg.Pool;
  readonly slot: string;
  /** The superuser on the legacy database. */
  readonly admin: pg.Pool;
  readonly captureUrl: string;
  readonly env: Readonly<Record<string, string>>;
  readonly provision: () => Promise<void>;
  readonly start: (env?: Readonly<Record<string, string>>) => Promise<ServiceProcess>;
  /** Everything on the bus, in order per key. */
  readonly events: () => Promise<KnownEvent[]>;
  readonly eventsOf: (subject: string) => Promise<KnownEvent[]>;
  /** Waits until everything committed so far is on the bus. */
  readonly settled: (withinMs?: number) => Promise<void>;
  readonly close: () => Promise<void>;
};

export async function captureSite(): Promise<CaptureSite> {
  const databases = await Promise.all([
    clone('monolith', join(apps, 'monolith/migrations')),
    clone('migrator', join(apps, 'migrator/migrations')),
    clone('bus', busMigrations),
  ]);
  const [legacyDb, ownDb, busDb] = databases;
  const password = createHmac('sha256', 'test')
    .update(new URL(legacyDb.adminUrl).password)
    .digest('hex');
  const captureUrl = new URL(legacyDb.adminUrl);
  captureUrl.username = 'legacy_capture';
  captureUrl.password = password;
  const slot = `capture_${randomBytes(6).toString('hex')}`;
  const pool = (connectionString: string) => {
    const made = new pg.Pool({ connectionString, max: 4 });
    made.on('error', () => undefined);
    return made;
  };
  const legacy = pool(legacyDb.url);
  const own = pool(ownDb.ownerUrl);
  const bus = pool(busDb.url);
  const admin = pool(legacyDb.adminUrl);
  const started = new Set<ServiceProcess>();

  const env = {
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'debug',
    DATABASE_URL: ownDb.url,
    EVENT_BUS_URL: busDb.url,
    LEGACY_REPLICATION_URL: captureUrl.href,
    CAPTURE_SLOT: slot,
    CAPTURE_HEARTBEAT_MS: '500',
    JWKS_URL: 'http://127.0.0.1:9/none',
  };
  const provisionIt = () =>
    provision({
      adminUrl: legacyDb.adminUrl,
      role: 'legacy_capture',
      password,
      publication: 'newscience_capture',
    });
  await provisionIt();

  const events = async (): Promise<KnownEvent[]> => {
    const { rows } = await bus.query<{ event: string }>(
      'SELECT event FROM event_log ORDER BY published_at, topic, partition, position',
    );
    return rows.map(({ event }) => {
      const parsed = parseEvent(JSON.parse(event));
      if (!parsed.ok) throw new Error(parsed.error.detail);
      return parsed.value;
    });
  };

  return {
    legacy,
    own,
    bus,
    slot,
    admin,
    captureUrl: captureUrl.href,
    env,
    provision: provisionIt,
    start: async (more = {}) => {
      const service = await startService({ file: main, env: { ...env, ...more } });
      started.add(service);
      return service;
    },
    events,
    eventsOf: async (subject) => (await events()).filter((event) => event.subject === subject),
    settled: async (withinMs = 25_000) => {
      const marker = `marker-${randomBytes(8).toString('hex')}`;
      await legacy.query('INSERT INTO sect (sect_cd, sect_nm) VALUES ($1, $1)', [marker]);
      const isThere = async (): Promise<void> => {
        const { rows } = await own.query(
          `SELECT 1 FROM mirror m JOIN capture c USING (epoch) WHERE m.relation = 'sect' AND m.key = $1
           AND NOT EXISTS (SELECT 1 FROM outbox)`,
          [marker],
        );
        if (rows.length === 0) throw new Error('not everything is on the bus yet');
      };
      await eventually(isThere, { withinMs });
    },
    close: async () => {
      await Promise.all([...started].map((service) => service.stop()));
      await eventually(async () => {
        await admin.query(
          `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1 AND active_pid IS NOT NULL`,
          [slot],
        );
        await admin.query(
          'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1',
          [slot],
        );
      });
      await Promise.all([legacy, own, bus, admin].map((one) => one.end()));
      for (const database of databases) await database.drop();
    },
  };
}

async function clone(service: string, migrationsDir: string): Promise<TestDatabase> {
  const template = await createTemplate({ service, migrationsDir, migrate });
  return template.cloneDatabase();
}
