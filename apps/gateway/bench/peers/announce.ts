import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a peer tells the benchmark that started it. */
export type Announcement = { port: number };
/** Answer to the message `memory`: what is in use right after a full collection. */
export type MemoryReading = { usedBytes: number; residentBytes: number };

/** Listens on a free port of this machine, tells it to the parent, and ends with the parent. */
export function serve(server: Server): void {
  server.listen(0, '127.0.0.1', () => {
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
