import { createHash, createHmac, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  closeMaintenanceDatabases,
  createServiceDatabase,
  ensureServiceDatabase,
  identifier,
  type Query,
  type Role,
  roleUrl,
  serviceNames,
} from '@newscience/embedded-postgres/service-database';
import pg from 'pg';

/** The signature of the service kit's `migrate`, which a test passes in. */
export type Migrate = (options: {
  databaseUrl: string;
  directory: string;
  appRole: string;
}) => Promise<unknown>;

export type Target = {
  /** URL of the template for the owner role. */
  readonly ownerUrl: string;
  /** Name of the role that the service runs as. */
  readonly appRole: string;
};

export type TemplateOptions = {
  /** The service's name: gives the roles their names, as in production. */
  readonly service: string;
  /** Folder with numbered `.sql` files; needs `migrate`. */
  readonly migrationsDir?: string;
  readonly migrate?: Migrate;
  /** Fills the template further, after the migrations. Its source text is part of the content hash. */
  readonly prepare?: (target: Target) => Promise<void>;
  /** Anything else that `prepare` depends on (a seed's text, say). */
  readonly version?: string;
};

export type TestDatabase = {
  readonly name: string;
  /** For the role that the service runs as: DML only. */
  readonly url: string;
  /** For the role that owns the database. */
  readonly ownerUrl: string;
  /** For the superuser, on this database. */
  readonly adminUrl: string;
  /** Ends all connections to the database and removes it. */
  readonly drop: () => Promise<void>;
};

export type DatabaseTemplate = {
  readonly name: string;
  /** A new database with the template's content, some 20 to 50 ms. Drop it in `afterAll` or `afterEach`. */
  readonly cloneDatabase: () => Promise<TestDatabase>;
};

/**
 * Makes a template database once per content (migrations, `prepare`, `version`) and Jest run; later calls, from
 * other test files too, find it there.
 *
 * @throws Error where this Jest run has no PostgreSQL (see infra/jest/start-postgres.mjs)
 */
export async function createTemplate(options: TemplateOptions): Promise<DatabaseTemplate> {
  const adminUrl = testServerUrl();
  const names = serviceNames(options.service);
  const owner = roleOf(adminUrl, names.owner);
  const app = roleOf(adminUrl, names.app);
  const template = `template_${names.database}_${contentHash(options)}`.slice(0, 63);
  await asAdmin(adminUrl, async (query) => {
    // Workers of one run may get here together.
    await query('SELECT pg_advisory_lock(hashtext($1))', ['newscience template']);
    const { rows } = await query('SELECT 1 FROM pg_database WHERE datname = $1', [template]);
    if (rows.length > 0) return;
    const building = `building_${randomBytes(6).toString('hex')}`;
    await closeMaintenanceDatabases(query);
    await ensureServiceDatabase(query, { database: building, owner, app });
    await fill(options, { ownerUrl: roleUrl(adminUrl, building, owner), appRole: app.name });
    await query(`ALTER DATABASE ${identifier(building)} RENAME TO ${identifier(template)}`);
  });
  return {
    name: template,
    cloneDatabase: () => clone({ adminUrl, template, owner, app, prefix: names.database }),
  };
}

/** URL of this run's PostgreSQL for its superuser. */
export function testServerUrl(): string {
  const url = process.env['NEWSCIENCE_TEST_POSTGRES_URL'];
  if (url !== undefined) return url;
  throw new Error(
    'This Jest run has no PostgreSQL: it is started for files named *.int.spec.ts, *.contract.spec.ts and *.e2e.spec.ts only.',
  );
}

type Source = { adminUrl: string; template: string; owner: Role; app: Role; prefix: string };

async function clone({ adminUrl, template, owner, app, prefix }: Source): Promise<TestDatabase> {
  const name = `${prefix}_${randomBytes(6).toString('hex')}`;
  await asAdmin(adminUrl, (query) =>
    createServiceDatabase(query, { database: name, owner, app, template }),
  );
  const onClone = new URL(adminUrl);
  onClone.pathname = `/${name}`;
  return {
    name,
    url: roleUrl(adminUrl, name, app),
    ownerUrl: roleUrl(adminUrl, name, owner),
    adminUrl: onClone.href,
    drop: () =>
      asAdmin(adminUrl, async (query) => {
        await query(`DROP DATABASE IF EXISTS ${identifier(name)} WITH (FORCE)`);
      }),
  };
}

async function fill(
  { migrationsDir, migrate, prepare }: TemplateOptions,
  target: Target,
): Promise<void> {
  if (migrationsDir !== undefined) {
    if (migrate === undefined)
      throw new TypeError(
        'A template with migrationsDir needs migrate (from @newscience/service-kit/migrations).',
      );
    await migrate({
      databaseUrl: target.ownerUrl,
      directory: migrationsDir,
      appRole: target.appRole,
    });
  }
  await prepare?.(target);
}

function contentHash({ service, migrationsDir, prepare, version }: TemplateOptions): string {
  const hash = createHash('sha256').update(JSON.stringify([service, prepare?.toString(), version]));
  const files = migrationsDir === undefined ? [] : readdirSync(migrationsDir).sort();
  for (const file of files) hash.update(file).update(readFileSync(join(migrationsDir ?? '', file)));
  return hash.digest('hex').slice(0, 16);
}

/** The same password in every worker of a run, and none that is written down. */
function roleOf(adminUrl: string, name: string): Role {
  return {
    name,
    password: createHmac('sha256', new URL(adminUrl).password).update(name).digest('base64url'),
  };
}

async function asAdmin<T>(adminUrl: string, work: (query: Query) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    return await work((sql, values) =>
      client.query<Record<string, unknown>>(sql, values === undefined ? [] : [...values]),
    );
  } finally {
    await client.end();
  }
}
