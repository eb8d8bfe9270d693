import { createMetrics, type Metrics } from '@newscience/service-kit/metrics';
import {
  connectRaw,
  startRawServer,
  type RawAnswer,
  type RawConnection,
  type RawRequest,
} from '@newscience/testing/raw-http';
import type { AddressInfo } from 'node:net';
import type { AccessRecord } from '../../src/proxy/access-log.ts';
import { createFacade, type FacadeOptions } from '../../src/proxy/facade.ts';

export type Harness = {
  port: number;
  /** Origin of the raw server that answers for the upstream. */
  origin: string;
  /** Ended requests, in the order they ended. */
  records: AccessRecord[];
  /** What went to the error log. */
  errors: unknown[];
  metrics: Metrics;
  /** All raw connections to the facade so far. */
  clients: RawConnection[];
  /** A raw connection to the facade. */
  client: () => Promise<RawConnection>;
  /** The next connection the facade makes to the upstream. */
  upstream: () => Promise<RawConnection>;
  /** A connection the facade has made already, the oldest being 0. */
  upstreamConnection: (index: number) => RawConnection;
  /** How many connections the facade has made to the upstream. */
  upstreamConnections: () => number;
  /** Waits until so many requests have ended. */
  ended: (count: number) => Promise<AccessRecord[]>;
  /** Closes the facade alone. */
  close: (deadlineMs?: number) => Promise<void>;
  /** Closes the facade, its clients and its upstream. */
  stop: () => Promise<void>;
};

export type HarnessOptions = Partial<
  Pick<FacadeOptions, 'limits' | 'timeouts' | 'connectionsPerUpstream' | 'decide'>
> & {
  /** Serves each connection of the upstream; a test that leaves it out answers by hand. */
  serve?: (connection: RawConnection) => Promise<void>;
};

const running: Harness[] = [];

/** A facade in front of a raw server, both on free ports; ended by `stopAll`. */
export async function startHarness(options: HarnessOptions = {}): Promise<Harness> {
  const { serve, ...facadeOptions } = options;
  const server = await startRawServer(serve);
  const records: AccessRecord[] = [];
  const errors: unknown[] = [];
  const wakes: (() => void)[] = [];
  const metrics = createMetrics('gateway-test');
  const upstream = { name: 'old', origin: server.origin };
  const facade = createFacade({
    decide: () => ({ routeId: 'all', stage: 'monolith', upstream }),
    logger: { info: () => undefined, error: (fields: unknown) => void errors.push(fields) },
    metrics,
    accessLog: {
      write(record) {
        records.push(record);
        for (const wake of wakes.splice(0)) wake();
      },
      flush: () => undefined,
    },
    ...facadeOptions,
  });
  await new Promise<void>((resolve) => facade.server.listen(0, '127.0.0.1', resolve));
  const { port } = facade.server.address() as AddressInfo;
  const clients: RawConnection[] = [];
  let closed = false;
  const harness: Harness = {
    port,
    origin: server.origin,
    records,
    errors,
    metrics,
    clients,
    client: async () => {
      const client = await connectRaw(port);
      clients.push(client);
      return client;
    },
    upstream: () => server.accept(),
    upstreamConnection: (index) => {
      const connection = server.connections[index];
      if (connection === undefined) throw new Error(`there is no connection ${index}`);
      return connection;
    },
    upstreamConnections: () => server.connections.length,
    ended: async (count) => {
      while (records.length < count) {
        await new Promise<void>((resolve, reject) => {
          const timer = setTimeout(() => {
            reject(new Error(`waited for ${count} ended requests, got ${records.length}`));
          }, 10_000);
          wakes.push(() => {
            clearTimeout(timer);
            resolve();
          });
        });
      }
      return records;
    },
    close: async (deadlineMs = 0) => {
      if (closed) return;
      closed = true;
      await facade.close(deadlineMs);
    },
    stop: async () => {
      await harness.close();
      for (const client of clients) client.destroy();
      await server.close();
    },
  };
  running.push(harness);
  return harness;
}

/** For `afterEach`: ends what the test has started. */
export async function stopAll(): Promise<void> {
  for (const harness of running.splice(0)) await harness.stop();
}

/** Serves every request on a connection with the same answer. */
export function answering(answer: string | Buffer): (connection: RawConnection) => Promise<void> {
  return async (connection) => {
    while (connection.ending === 'open') {
      await connection.readRequest();
      connection.write(answer);
    }
  };
}

/** A small answer that keeps the connection. */
export const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A request head; lines are joined, the empty line is added. */
export function head(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** One request and its answer, both written byte by byte; each side as the other saw it. */
export async function roundTrip(
  harness: Harness,
  request: string,
  answer: string,
): Promise<{ seen: RawRequest; got: RawAnswer }> {
  const client = await harness.client();
  client.write(request);
  const upstream = await harness.upstream();
  const seen = await upstream.readRequest();
  upstream.write(answer);
  const got = await client.readAnswer(seen.method);
  return { seen, got };
}
