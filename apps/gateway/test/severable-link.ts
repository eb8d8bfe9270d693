import { connect, createServer, type Socket } from 'node:net';

/** A TCP link to a server that can be cut, made to swallow everything, and restored. */
export type SeverableLink = {
  port: number;
  /** Breaks all connections and refuses new ones. */
  cut: () => Promise<void>;
  /** Keeps connections open and lets nothing through, as a lost cable does. */
  stall: () => void;
  restore: () => Promise<void>;
  close: () => Promise<void>;
};

export async function severableLink(to: { host: string; port: number }): Promise<SeverableLink> {
  const sockets = new Set<Socket>();
  let stalled = false;
  const server = createServer((client) => {
    const upstream = connect(to);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on('data', (chunk) => {
        if (!stalled) other.write(chunk);
      });
      one.on('error', () => undefined);
      one.on('close', () => {
        sockets.delete(one);
        if (!stalled) other.destroy();
      });
    }
  });
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
  const drop = () => sockets.forEach((socket) => socket.destroy());
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      drop();
    });
  await listen(0);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { port } = address;
  return {
    port,
    cut: stop,
    stall: () => {
      stalled = true;
    },
    async restore() {
      if (stalled) {
        stalled = false;
        drop();
      }
      if (!server.listening) await listen(port);
    },
    async close() {
      if (server.listening) await stop();
    },
  };
}
