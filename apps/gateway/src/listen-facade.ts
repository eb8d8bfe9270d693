import { codeOf, messageOf } from '@newscience/service-kit/error-text';
import type { Logger } from '@newscience/service-kit/logging';
import type { Server } from 'node:http';

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program uses it. Stop that program or choose another PORT',
  EACCES: 'this user may not use it. Choose a PORT above 1023',
  EADDRNOTAVAIL: 'this machine does not have that address. Correct HOST',
};

/** Opens the facade's own server to the public. Rejects with a plain sentence where the port is not to be had. */
export async function listenFacade(
  server: Server,
  { host, port, logger }: { host: string; port: number; logger: Logger },
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const reason = REASONS[codeOf(error)] ?? messageOf(error);
      reject(new Error(`Cannot listen on ${host}:${port}: ${reason}.`, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
  logger.info({ host, port }, 'facade listening');
}
