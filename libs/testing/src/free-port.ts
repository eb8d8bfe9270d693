import { createServer } from 'node:net';

/**
 * A TCP port on 127.0.0.1 that nobody listens on right now. Another program may take it before the caller does;
 * where a server can report its own port, let it listen on port 0 instead.
 */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port;
}

/**
 * Several different free ports at once, for a set of programs that are told their ports.
 *
 * @param count how many
 */
export async function freePorts(count: number): Promise<[number, ...number[]]> {
  const probes = await Promise.all(Array.from({ length: Math.max(1, count) }, listenAnywhere));
  await Promise.all(probes.map(({ close }) => close()));
  const [first, ...rest] = probes.map(({ port }) => port);
  if (first === undefined) throw new Error('No free port was found.');
  return [first, ...rest];
}

/**
 * A port whose neighbours are free too, for a program that takes `base`, `base + 1` and so on.
 *
 * @param offsets which neighbours are needed, as distances from the base
 */
export async function freePortRange(offsets: readonly number[]): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const base = 20_000 + Math.floor(Math.random() * 10_000);
    const free = await Promise.all([0, ...offsets].map((offset) => isFree(base + offset)));
    if (free.every(Boolean)) return base;
  }
  throw new Error('No range of free ports was found in 50 attempts.');
}

async function isFree(port: number): Promise<boolean> {
  try {
    await (await listenAnywhere(undefined, 0, port)).close();
    return true;
  } catch {
    return false;
  }
}

async function listenAnywhere(
  _value?: unknown,
  _index?: number,
  port = 0,
): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The probe has no port.');
  const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  return { port: address.port, close };
}
