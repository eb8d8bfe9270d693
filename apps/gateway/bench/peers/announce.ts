import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a peer tells the benchmark that started it. */
export type Announcement = { port: number };
/** Answer to the message `memory`: what is in use right after a full collection. */
export type MemoryReading = { usedBytes: number; residentBytes: number };

/**
 * Listens on this machine, tells the port to the parent, and ends with the parent.
 *
 * @param port a free one where it is left out
 */
export function serve(server: Server, port = 0): void {
  server.listen(port, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    process.send?.({ port } satisfies Announcement);
  });
  process.on('message', (message) => {
    if (message !== 'memory') return;
    globalThis.gc?.();
    const { heapUsed, external, rss } = process.memoryUsage();
    process.send?.({ usedBytes: heapUsed + external, residentBytes: rss } satisfies MemoryReading);
  });
  process.on('disconnect', () => {
    process.exit();
  });
}
