/** A process with a service's manners, for the tests of service-process.ts. */
import { createServer } from 'node:http';

if (process.env['FAIL_AT_START'] === 'yes') {
  process.stderr.write('no database\n');
  process.exit(78);
}
const server = createServer((_request, response) => response.end('well'));
server.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write('listening\n');
  if (process.env['SILENT'] !== 'yes')
    process.send?.({ type: 'ready', port: typeof address === 'object' ? address?.port : 0 });
});
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(0));
