import { legacyTables } from '@newscience/anti-corruption-layer/legacy-tables';
import pg from 'pg';

import { schemaFit, type SchemaFault } from '../domain/schema-fit.ts';
import { readSchema } from './legacy-database.ts';

export type ProvisionOptions = {
  /** Superuser, on the legacy database. */
  readonly adminUrl: string;
  readonly role: string;
  readonly password: string;
  readonly publication: string;
};

export class ProvisioningRefused extends Error {
  readonly faults: readonly SchemaFault[];

  constructor(faults: readonly SchemaFault[]) {
    super(faults.map(({ detail, remedy }) => `${detail}\n  ${remedy}`).join('\n'));
    this.name = 'ProvisioningRefused';
    this.faults = faults;
  }
}

const { escapeIdentifier, escapeLiteral } = pg;

/**
 * Makes the role and the publication of change capture in the legacy database, or brings them up to date; safe to run
 * again. The role may read the captured columns and the replication stream, and nothing else; the publication holds
 * the same columns, so that no other leaves the database.
 *
 * @throws ProvisioningRefused where the schema is not one that can be captured; nothing was changed
 */
export async function provision(options: ProvisionOptions): Promise<void> {
  const client = new pg.Client({
    connectionString: options.adminUrl,
    application_name: 'migrator-provision',
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { faults } = schemaFit(legacyTables, await readSchema(client, options.publication), {
      beforeProvisioning: true,
    });
    if (faults.length > 0) throw new ProvisioningRefused(faults);
    await ensureRole(client, options);
    await client.query('BEGIN');
    await grantReading(client, options.role);
    await ensurePublication(client, options.publication);
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}

async function ensureRole(client: pg.Client, { role, password }: ProvisionOptions): Promise<void> {
  // A statement that fails is logged as a whole, and this one holds a password.
  await client.query('SET log_min_error_statement = panic');
  const rights = `LOGIN REPLICATION NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD ${escapeLiteral(password)}`;
  const name = escapeIdentifier(role);
  for (let attempt = 1; ; attempt += 1) {
    const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
    try {
      await client.query(`${rowCount === 0 ? 'CREATE' : 'ALTER'} ROLE ${name} ${rights}`);
      break;
    } catch (error) {
      // Somebody else has done the same for another database of this server.
      if (attempt >= 5) throw error;
    }
  }
  await client.query('RESET log_min_error_statement');
}

async function grantReading(client: pg.Client, role: string): Promise<void> {
  const name = escapeIdentifier(role);
  const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
  const database = escapeIdentifier(rows[0]?.name ?? '');
  await client.query(`GRANT CONNECT ON DATABASE ${database} TO ${name}`);
  await client.query(`GRANT USAGE ON SCHEMA public TO ${name}`);
  // What an earlier release was granted and this one does not need goes.
  await client.query(`REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${name}`);
  for (const table of legacyTables)
    await client.query(
      `GRANT SELECT (${columnsOf(table)}) ON public.${escapeIdentifier(table.name)} TO ${name}`,
    );
}

async function ensurePublication(client: pg.Client, publication: string): Promise<void> {
  const name = escapeIdentifier(publication);
  const tables = legacyTables
    .map((table) => `public.${escapeIdentifier(table.name)} (${columnsOf(table)})`)
    .join(', ');
  const operations = `publish = 'insert, update, delete, truncate'`;
  const { rowCount } = await client.query('SELECT 1 FROM pg_publication WHERE pubname = $1', [
    publication,
  ]);
  if (rowCount === 0) {
    await client.query(`CREATE PUBLICATION ${name} FOR TABLE ${tables} WITH (${operations})`);
    return;
  }
  const { publication: found, tables: now } = await readSchema(client, publication);
  const isCurrent =
    found !== null &&
    found.operations.length === 4 &&
    found.filtered.length === 0 &&
    legacyTables.every((table) => {
      const published = now.find((one) => one.name === table.name)?.published ?? [];
      const wanted = table.columns.map((column) => column.name);
      return published.length === wanted.length && wanted.every((one) => published.includes(one));
    });
  // Setting the tables anew would make every reader look them up again, for nothing.
  if (isCurrent) return;
  await client.query(`ALTER PUBLICATION ${name} SET TABLE ${tables}`);
  await client.query(`ALTER PUBLICATION ${name} SET (${operations})`);
}

const columnsOf = ({ columns }: (typeof legacyTables)[number]): string =>
  columns.map(({ name }) => escapeIdentifier(name)).join(', ');
