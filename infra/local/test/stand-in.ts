/**
 * A service as small as can be, for the launcher's own tests: NAME, PORT and what is asked of it by request.
 * `/health/ready` 200, `/pid`, `/env/NAME`, `/slow` (answers after two seconds), `/crash`, `/rows` (adds one to its table).
 */
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';

import pg from 'pg';

const env = (name: string): string => process.env[name] ?? '';
const pool =
  env('DATABASE_URL') === ''
    ? undefined
    : new pg.Pool({ connectionString: env('DATABASE_URL'), max: 2 });
pool?.on('error', () => undefined);
const tell = (what: string): void => {
  if (env('JOURNAL') !== '') appendFileSync(env('JOURNAL'), `${env('NAME')} ${what}\n`);
};

if (env('CRASH_AT_START') === 'yes') {
  process.stderr.write('stand-in: nothing works\n');
  process.exit(3);
}
if (env('WRONG_CONFIGURATION') === 'yes') process.exit(78);

async function answer(path: string): Promise<string> {
  switch (path) {
    case '/crash':
      process.stderr.write('stand-in: crashing as asked\n');
      process.exit(9);
      break;
    case '/pid':
      return String(process.pid);
    case '/slow':
      await new Promise((resolve) => setTimeout(resolve, 2000));
      return 'slow, but whole';
    case '/rows': {
      await pool?.query('INSERT INTO visit DEFAULT VALUES');
      const result = await pool?.query<{ n: number }>('SELECT count(*)::int AS n FROM visit');
      return String(result?.rows[0]?.n);
    }
    default:
      return path.startsWith('/env/') ? env(path.slice(5)) : 'well';
  }
}

let ending = false;
const server = createServer((request, response) => {
  answer(request.url ?? '/').then(
    (text) => {
      if (ending) response.setHeader('connection', 'close');
      response.end(text);
    },
    (error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    },
  );
});
server.listen(Number(env('PORT')), '127.0.0.1', () => tell('up'));

function end(why: string): void {
  if (ending) return;
  ending = true;
  tell(`ending ${why}`);
  server.close(() => {
    tell('down');
    process.exit(0);
  });
  server.closeIdleConnections();
}
process.on('SIGTERM', () => end('SIGTERM'));
process.on('disconnect', () => end('disconnect'));
