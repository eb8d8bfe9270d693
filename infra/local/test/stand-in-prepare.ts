/** The stand-in's preparation: a role that reads what another service owns, made anew at each start. */
import pg from 'pg';

const client = new pg.Client({ connectionString: process.env['ADMIN_URL'] });
await client.connect();
const { rows } = await client.query("SELECT 1 FROM pg_roles WHERE rolname = 'back_reader'");
if (rows.length === 0) await client.query('CREATE ROLE back_reader LOGIN');
const password = client.escapeLiteral(process.env['READER_PASSWORD'] ?? '');
await client.query(`ALTER ROLE back_reader PASSWORD ${password}`);
await client.query('GRANT CONNECT ON DATABASE back TO back_reader');
await client.query('GRANT SELECT ON visit TO back_reader');
await client.end();
