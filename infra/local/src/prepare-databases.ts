/**
 * Makes the services' databases and roles: a short process of its own, so that the launcher, which stays, does
 * not carry a database client in its memory. Reads ADMIN_URL and DATABASES (JSON) from the environment.
 */
import {
  closeMaintenanceDatabases,
  ensureServiceDatabase,
  type Query,
} from '@newscience/embedded-postgres/service-database';
import pg from 'pg';
import { z } from 'zod';

const role = z.object({ name: z.string(), password: z.string() });
const databases = z.array(z.object({ database: z.string(), owner: role, app: role }));

const client = new pg.Client({ connectionString: z.string().parse(process.env['ADMIN_URL']) });
const query: Query = (sql, values) =>
  client.query<Record<string, unknown>>(sql, values === undefined ? [] : [...values]);

await client.connect();
try {
  await closeMaintenanceDatabases(query);
  for (const wanted of databases.parse(JSON.parse(z.string().parse(process.env['DATABASES'])))) {
    await ensureServiceDatabase(query, wanted);
  }
} finally {
  await client.end();
}
