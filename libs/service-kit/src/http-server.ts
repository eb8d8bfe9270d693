import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import type { Logger } from './logging.ts';

/** A server that listens. */
export type Listening = {
  readonly server: Server;
  readonly port: number;
  /**
   * Stops accepting, lets requests in flight finish, closes idle keep-alive connections. What is still open
   * after `deadlineMs` (default 7000) is cut off. Gives back how many connections were cut.
   */
  close: (deadlineMs?: number) => Promise<number>;
};

/** `app` is an Express application, `handler` a plain node:http listener: give one of them. */
export type ListenOptions = {
  readonly host: string;
  readonly port: number;
  readonly logger: Logger;
  readonly app?: RequestListener;
  readonly handler?: RequestListener;
};

let first: number | undefined;

/** The port of the first server that this process has listened on, for the parent that waits for it. */
export const firstPort = (): number | undefined => first;

/** Listens. Rejects with a plain sentence when the port is taken or may not be used. */
export async function listen(options: ListenOptions): Promise<Listening> {
  const { host, logger } = options;
  const listener = options.app ?? options.handler;
  if (listener === undefined) throw new Error('listen() needs an app or a handler.');
  // A proxy in front reuses connections; it must give them up before we do, or it meets a reset.
  const server = createServer({
    keepAliveTimeout: 65_000,
    headersTimeout: 30_000,
    requestTimeout: 300_000,
  });
  const close = gracefulClose(server, logger);
  server.on('request', listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, host, options.port)));
    server.listen(options.port, host, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  first ??= port;
  logger.info({ host, port }, 'listening');
  return { server, port, close };
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'another program uses it. Stop that program or choose another port',
    EACCES: 'this user may not use it. Choose a port above 1023',
    EADDRNOTAVAIL: 'this machine does not have that address. Correct HOST',
  };
  const reason = reasons[error.code ?? ''] ?? error.message;
  return new Error(`Cannot listen on ${host}:${port}: ${reason}.`, { cause: error });
}

function gracefulClose(server: Server, logger: Logger): Listening['close'] {
  const sockets = new Set<Socket>();
  const inFlight = new Map<ServerResponse, Socket>();
  let closing = false;

  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', (req: IncomingMessage, res: ServerResponse) => {
    if (closing) refuseReuse(res);
    inFlight.set(res, req.socket);
    res.once('close', () => {
      inFlight.delete(res);
      // The connection turns idle only after this event.
      if (closing) setImmediate(() => server.closeIdleConnections());
    });
  });

  return async (deadlineMs = 7000) => {
    closing = true;
    // Of several requests that one client sent ahead, only the last may close the connection.
    const last = new Map([...inFlight].map(([res, socket]) => [socket, res]));
    for (const res of last.values()) refuseReuse(res);
    let cut = 0;
    const timer = setTimeout(() => {
      cut = sockets.size;
      for (const socket of sockets) socket.destroy();
    }, deadlineMs);
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
      // Node does not count a connection as idle before its first request.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    });
    clearTimeout(timer);
    if (cut > 0) logger.warn({ cut, deadlineMs }, 'connections were cut off at the deadline');
    return cut;
  };
}

function refuseReuse(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('connection', 'close');
}
