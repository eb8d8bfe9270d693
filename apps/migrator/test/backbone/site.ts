import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { migrateBus } from '@newscience/event-bus/migrate';
import { copyMigrations } from '@newscience/outbox/migrations';
import { migrate } from '@newscience/service-kit/migrations';
import { type KafkaEngine, startKafkaEngine } from '@newscience/testing/kafka-engine';
import {
  type EngineDatabase,
  type PostgresEngine,
  startPostgresEngine,
} from '@newscience/testing/postgres-engine';
import type { ServiceOptions } from '@newscience/testing/service-process';

import { consumerDatabase } from './consumer-database.ts';

const app = join(import.meta.dirname, '..', '..');
const here = import.meta.dirname;
/** Drills assert no speed: a start may take long on a machine that others keep busy. */
const patient = { readyWithinMs: 120_000 };

export type BusKind = 'postgres' | 'kafka';
/** Who tells of changes: change data capture, or the outbox of whoever writes. */
export type ProducerKind = 'capture' | 'outbox';

export type SiteOptions = {
  readonly bus: BusKind;
  readonly producer: ProducerKind;
  /** An existing folder for PostgreSQL's data. */
  readonly folder: string;
  readonly cleanUp: (undo: () => unknown) => void;
};

/** The backbone from the legacy database to a consumer, as processes that can be started. */
export type BackboneSite = {
  readonly postgres: PostgresEngine;
  readonly kafka: KafkaEngine | undefined;
  readonly busUrl: string;
  readonly legacy: EngineDatabase;
  readonly consumer: EngineDatabase;
  /** The database whose outbox is relayed. */
  readonly outbox: EngineDatabase;
  readonly services: {
    readonly migrator: (name: string) => ServiceOptions;
    readonly relay: (name: string) => ServiceOptions;
    readonly consumer: (name: string, options?: { readonly breaks?: string }) => ServiceOptions;
  };
};

/** Engines, databases and provisioning, as the launcher makes them. */
export async function openBackbone(options: SiteOptions): Promise<BackboneSite> {
  const { cleanUp, producer } = options;
  const postgres = await startPostgresEngine({ folder: join(options.folder, 'engine') });
  cleanUp(() => postgres.remove());
  const kafka = options.bus === 'kafka' ? await startKafkaEngine('backbone') : undefined;
  if (kafka !== undefined) cleanUp(() => kafka.remove());

  const legacy = await legacyDatabase(postgres, producer);
  const consumer = await consumerDatabase(postgres, 'consumer');
  const bus = await postgres.database({ database: 'bus' });
  await migrateBus({ databaseUrl: bus.ownerUrl, appRole: bus.appRole });
  const migrator = producer === 'capture' ? await migratorDatabase(postgres, legacy) : undefined;
  const busUrl = kafka?.url ?? bus.url;
  const outbox = migrator?.database ?? legacy;
  return {
    ...{ postgres, kafka, busUrl, legacy, consumer, outbox },
    services: {
      migrator: (name) => ({
        ...patient,
        file: join(app, 'src/main.ts'),
        env: {
          ...{ HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'warn', SERVICE_NAME: name },
          DATABASE_URL: migrator?.database.url ?? '',
          EVENT_BUS_URL: busUrl,
          LEGACY_REPLICATION_URL: migrator?.replicationUrl ?? '',
          // Nobody asks its operator API here.
          JWKS_URL: 'http://127.0.0.1:9/.well-known/jwks.json',
        },
      }),
      relay: (name) => ({
        ...patient,
        file: join(here, 'relay-process.ts'),
        env: { RELAY_NAME: name, DATABASE_URL: outbox.url, EVENT_BUS_URL: busUrl },
      }),
      consumer: (name, { breaks = '' } = {}) => ({
        ...patient,
        file: join(here, 'consumer-process.ts'),
        env: {
          ...{ CONSUMER_NAME: name, CONSUMER_GROUP: 'drill', BREAK: breaks },
          DATABASE_URL: consumer.url,
          EVENT_BUS_URL: busUrl,
        },
      }),
    },
  };
}

/** The monolith's own schema; with an outbox in it where that is who tells. */
async function legacyDatabase(
  postgres: PostgresEngine,
  producer: ProducerKind,
): Promise<EngineDatabase> {
  const made = await postgres.database({ database: 'monolith' });
  const directory = mkdtempSync(join(tmpdir(), 'newscience-migrations-'));
  try {
    cpSync(join(app, '../monolith/migrations'), directory, { recursive: true });
    if (producer === 'outbox') copyMigrations(directory, ['outbox']);
    await migrate({ databaseUrl: made.ownerUrl, directory, appRole: made.appRole });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return made;
}

async function migratorDatabase(
  postgres: PostgresEngine,
  legacy: EngineDatabase,
): Promise<{ readonly database: EngineDatabase; readonly replicationUrl: string }> {
  const database = await postgres.database({ database: 'migrator' });
  const directory = join(app, 'migrations');
  await migrate({ databaseUrl: database.ownerUrl, directory, appRole: database.appRole });
  const password = randomBytes(18).toString('base64url');
  await promisify(execFile)(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(app, 'src/provision.ts')],
    {
      env: {
        ...process.env,
        LEGACY_ADMIN_URL: legacy.adminUrl,
        LEGACY_CAPTURE_PASSWORD: password,
      },
    },
  );
  const replication = new URL(legacy.adminUrl);
  replication.username = 'legacy_capture';
  replication.password = password;
  return { database, replicationUrl: replication.href };
}
