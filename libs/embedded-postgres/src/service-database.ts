/** Runs one SQL statement as the superuser; `pg`'s client and pool have this shape. */
export type Query = (
  sql: string,
  values?: readonly unknown[],
) => Promise<{ readonly rows: readonly unknown[] }>;

export type Role = { readonly name: string; readonly password: string };

export type ServiceDatabase = {
  readonly database: string;
  /** Owns the database and everything in it; migrations run as this role. */
  readonly owner: Role;
  /** May connect; what it may read and write is granted by the migrations. The service runs as this role. */
  readonly app: Role;
  /** Database to copy. Nobody may be connected to it. Default: an empty database. */
  readonly template?: string;
};

/** The names that go with a service: database and app role `<service>`, owner `<service>_owner`. */
export function serviceNames(service: string): { database: string; owner: string; app: string } {
  const name = service.replaceAll('-', '_');
  return { database: name, owner: `${name}_owner`, app: name };
}

/**
 * Makes a service's database and its two roles where they are missing, sets their passwords, and sees to it that
 * nobody else can connect. Safe to repeat; not safe to run twice at the same time for one service.
 */
export async function ensureServiceDatabase(query: Query, wanted: ServiceDatabase): Promise<void> {
  for (const role of [wanted.owner, wanted.app]) await ensureRole(query, role);
  const { rows } = await query('SELECT 1 FROM pg_database WHERE datname = $1', [wanted.database]);
  if (rows.length === 0) await createServiceDatabase(query, wanted);
  else await closeToOthers(query, wanted);
}

/** Makes a service's database for roles that exist already. Different databases may be made at the same time. */
export async function createServiceDatabase(query: Query, wanted: ServiceDatabase): Promise<void> {
  const { database, owner, template } = wanted;
  const copy = template === undefined ? '' : ` TEMPLATE ${identifier(template)}`;
  await query(`CREATE DATABASE ${identifier(database)} OWNER ${identifier(owner.name)}${copy}`);
  await closeToOthers(query, wanted);
}

async function closeToOthers(query: Query, { database, app }: ServiceDatabase): Promise<void> {
  await query(`REVOKE ALL ON DATABASE ${identifier(database)} FROM PUBLIC`);
  await query(`GRANT CONNECT ON DATABASE ${identifier(database)} TO ${identifier(app.name)}`);
}

/** Takes from everyone what PostgreSQL grants to everyone: connecting to its own databases. */
export async function closeMaintenanceDatabases(query: Query): Promise<void> {
  for (const database of ['postgres', 'template1'])
    await query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
}

/** The URL of a database on the server that `adminUrl` speaks of, for a role of it. */
export function roleUrl(adminUrl: string, database: string, role: Role): string {
  const url = new URL(adminUrl);
  url.username = role.name;
  url.password = encodeURIComponent(role.password);
  url.pathname = `/${database}`;
  return url.href;
}

async function ensureRole(query: Query, { name, password }: Role): Promise<void> {
  const { rows } = await query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name]);
  // A statement that fails is logged as a whole, and this one holds a password.
  await query('SET log_min_error_statement = panic');
  await query(
    `${rows.length === 0 ? 'CREATE' : 'ALTER'} ROLE ${identifier(name)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD ${literal(password)}`,
  );
  await query('RESET log_min_error_statement');
}

/** @throws RangeError where the name is not one of ours: lower-case letters, digits, underscores, at most 63 */
export function identifier(name: string): string {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(name))
    throw new RangeError(`Not a database or role name: ${JSON.stringify(name)}`);
  return `"${name}"`;
}

function literal(value: string): string {
  if (value.includes('\0')) throw new RangeError('A password cannot hold a zero byte.');
  return `'${value.replaceAll("'", "''")}'`;
}
