import { importCommand } from './cli.ts';

const stopping = new AbortController();
const stop = (): void => {
  // A second Ctrl-C does not wait for the batch in flight; repeating that is harmless.
  if (stopping.signal.aborted) process.exit(3);
  process.stderr.write('\nStopping after the batch in flight ...\n');
  stopping.abort();
};
process.on('SIGINT', stop);
process.on('SIGTERM', stop);

process.exitCode = await importCommand(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  signal: stopping.signal,
});
process.off('SIGINT', stop);
process.off('SIGTERM', stop);
// Connections that are kept alive must not keep the program.
if (process.connected) process.disconnect();
