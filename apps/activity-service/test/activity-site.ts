import { join } from 'node:path';
import type { EventBus } from '@newscience/event-bus/bus';
import { busMigrations } from '@newscience/event-bus/migrate';
import { createPostgresBus } from '@newscience/event-bus/postgres';
import { topics } from '@newscience/event-contracts/topics';
import { createLogger } from '@newscience/service-kit/logging';
import { migrate } from '@newscience/service-kit/migrations';
import { startService, type ServiceProcess } from '@newscience/testing/service-process';
import { createTemplate, type TestDatabase } from '@newscience/testing/template-database';

import { startTokenIssuer, type TokenIssuer, type TokenWishes } from './token-issuer.ts';

export const logger = createLogger({ service: 'test', level: 'silent' });
export const migrationsDir = join(import.meta.dirname, '../migrations');

/** A migrated database of the service. Drop it in `afterAll`. */
export async function activityDatabase(): Promise<TestDatabase> {
  const template = await createTemplate({ service: 'activity-service', migrationsDir, migrate });
  return template.cloneDatabase();
}

/** What the service lives on: databases, the bus, and whoever signs tokens. */
export type ActivitySite = {
  readonly database: TestDatabase;
  readonly busDatabase: TestDatabase;
  /** For publishing. */
  readonly bus: EventBus;
  readonly issuer: TokenIssuer;
  readonly start: (env?: Readonly<Record<string, string>>) => Promise<Instance>;
  readonly close: () => Promise<void>;
};

export type Answer = { readonly status: number; readonly body: unknown };

/** A real process of the service. */
export type Instance = {
  readonly process: ServiceProcess;
  readonly url: () => string;
  /** GET, as an operator unless said otherwise. */
  readonly get: (path: string, wishes?: TokenWishes) => Promise<Answer>;
};

export async function activitySite(): Promise<ActivitySite> {
  const busTemplate = await createTemplate({
    ...{ service: 'event_bus', migrationsDir: busMigrations, migrate },
  });
  const [database, busDatabase, issuer] = await Promise.all([
    activityDatabase(),
    busTemplate.cloneDatabase(),
    startTokenIssuer(),
  ]);
  const bus = createPostgresBus({ url: busDatabase.url, name: 'test', logger, connections: 3 });
  await bus.declareTopics(topics);
  const instances: Instance[] = [];

  return {
    ...{ database, busDatabase, bus, issuer },
    start: async (env = {}) => {
      const service = await startService({
        file: join(import.meta.dirname, '../src/main.ts'),
        env: {
          PORT: '0',
          LOG_LEVEL: 'warn',
          DATABASE_URL: database.url,
          EVENT_BUS_URL: busDatabase.url,
          JWKS_URL: issuer.jwksUrl,
          ...env,
        },
      });
      const url = () => `http://127.0.0.1:${portOf(service.ready())}`;
      const instance: Instance = {
        process: service,
        url,
        get: async (path, wishes = {}) => {
          const response = await fetch(url() + path, {
            headers: { authorization: `Bearer ${await issuer.token(wishes)}` },
          });
          const body: unknown = await response.json();
          return { status: response.status, body };
        },
      };
      instances.push(instance);
      return instance;
    },
    close: async () => {
      await Promise.all(instances.map((instance) => instance.process.stop()));
      await bus.close();
      await Promise.all([issuer.close(), database.drop(), busDatabase.drop()]);
    },
  };
}

function portOf(ready: unknown): number {
  if (typeof ready === 'object' && ready !== null && 'port' in ready) return Number(ready.port);
  throw new Error('the service did not say its port');
}
