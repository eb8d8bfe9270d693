/** The stand-in's sample data: three rows. */
import pg from 'pg';

const client = new pg.Client({ connectionString: process.env['DATABASE_URL'] });
await client.connect();
await client.query('INSERT INTO visit SELECT FROM generate_series(1, 3)');
await client.end();
