/** The stand-in's migration: one table, and the rights on it for the role that the stand-in runs as. */
import pg from 'pg';

const role = process.env['APP_ROLE'] ?? '';
const client = new pg.Client({ connectionString: process.env['DATABASE_URL'] });
await client.connect();
await client.query(
  'CREATE TABLE IF NOT EXISTS visit (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY)',
);
await client.query(`GRANT SELECT, INSERT ON visit TO ${role}`);
await client.end();
process.stdout.write('migrated\n');
