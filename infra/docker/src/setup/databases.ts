import {
  closeMaintenanceDatabases,
  ensureServiceDatabase,
  type Query,
} from '@newscience/embedded-postgres/service-database';
import { describeFaults, readConfig, secret, secretUrl } from '@newscience/service-kit/config';
import { messageOf } from '@newscience/service-kit/error-text';
import pg from 'pg';
import { z } from 'zod';

/**
 * One-shot: makes the database and the two roles of each service where they are missing, and sets the roles'
 * passwords. Safe to run again. Exit code 0, 1 when PostgreSQL did not let it, 78 for wrong settings.
 */
const role = z.object({ name: z.string(), password: z.string() });
const wantedDatabases = z.array(z.object({ database: z.string(), owner: role, app: role }));

const config = readConfig(
  z.object({ ADMIN_URL: secretUrl(['postgres']), DATABASES: secret() }),
  process.env,
);
if (config.ok) {
  const { ADMIN_URL, DATABASES } = config.value;
  const client = new pg.Client({ connectionString: ADMIN_URL.reveal() });
  const query: Query = (sql, values) =>
    client.query<Record<string, unknown>>(sql, values === undefined ? [] : [...values]);
  try {
    await client.connect();
    await closeMaintenanceDatabases(query);
    for (const wanted of wantedDatabases.parse(JSON.parse(DATABASES.reveal()))) {
      await ensureServiceDatabase(query, wanted);
      process.stdout.write(`Database ${wanted.database} with its roles is there.\n`);
    }
  } catch (error) {
    process.stderr.write(`The databases could not be prepared: ${messageOf(error)}\n`);
    process.exitCode = 1;
  } finally {
    await client.end().catch(() => undefined);
  }
} else {
  process.stderr.write(`${describeFaults(config.error)}\n`);
  process.exitCode = 78;
}
