/** Starts a server and stays, so that a test can kill it: `node launcher.ts DATA_DIR PORT`. */
import { startEmbeddedPostgres } from '../src/server.ts';

const [dataDir = '', port = ''] = process.argv.slice(2);
const started = await startEmbeddedPostgres({
  dataDir,
  port: Number(port),
  logFile: `${dataDir}.log`,
});
if (!started.ok) throw new Error(started.error.detail);
process.send?.(started.value.pid);
setInterval(() => undefined, 60_000);
