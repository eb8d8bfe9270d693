import type { Logger } from '@newscience/service-kit/logging';
import type { Metrics } from '@newscience/service-kit/metrics';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { accessLogTo, type AccessLog } from './access-log.ts';
import { asksForUpgrade, ClientUpgrade } from './client-upgrade.ts';
import { Exchange, type Arrival, type ExchangeScope, type Upgrade } from './exchange.ts';
import { InFlight } from './in-flight.ts';
import { Lingering } from './lingering.ts';
import type { DecideRoute } from './route-decision.ts';
import { facadeSettings, type FacadeLimits, type FacadeTimeouts } from './settings.ts';
import { createTrafficMetrics } from './traffic-metrics.ts';
import type { Tunnel } from './tunnel.ts';
import { UnreadableRequests } from './unreadable-requests.ts';
import { UpstreamPools } from './upstream-pools.ts';

export type FacadeOptions = {
  decide: DecideRoute;
  logger: Pick<Logger, 'info' | 'error'>;
  metrics: Metrics;
  limits?: Partial<FacadeLimits>;
  timeouts?: Partial<FacadeTimeouts>;
  /** At most so many connections to one upstream, upgraded ones not counted. Default 128. */
  connectionsPerUpstream?: number;
  /** Where access lines go; through `logger` where it is left out. */
  accessLog?: AccessLog;
};

export type Facade = {
  /** Not listening yet. */
  server: Server;
  /**
   * Stops accepting, lets requests in flight end, closes idle connections. What is still open after
   * the deadline is cut, and so are upgraded connections then. Resolves when all are closed.
   */
  close: (deadlineMs: number) => Promise<void>;
};

/** How often the gauges are brought up to date, in milliseconds. */
const gaugesEvery = 1_000;
const mostTurns = 100;

const ordinary: Arrival = {};

/**
 * The transparent facade: a server that passes each request to the upstream that `decide` names, and
 * the answer back, as `README.md` describes.
 *
 * @throws RangeError that names all limits and time-outs out of range
 */
export function createFacade(options: FacadeOptions): Facade {
  const settings = facadeSettings(options);
  const { limits, timeouts } = settings;
  const accessLog = options.accessLog ?? accessLogTo(options.logger);
  const pools = new UpstreamPools(settings, (error) => {
    options.logger.error({ err: error }, 'a connection to an upstream failed unexpectedly');
  });
  const lingering = new Lingering(limits.lingerBytes, timeouts.lingerMs);
  const inFlight = new InFlight<Exchange>();
  const tunnels = new Set<Tunnel>();
  const sockets = new Set<Socket>();
  const traffic = createTrafficMetrics(options.metrics, {
    inFlight: () => inFlight.size,
    clients: () => sockets.size,
    pools: () => pools,
  });
  let closing = false;

  const scope: ExchangeScope = {
    ...settings,
    decide: options.decide,
    poolFor: (upstream) => pools.for(upstream),
    linger: (request) => {
      lingering.add(request);
    },
    distrust: (socket) => {
      unreadable.distrust(socket);
    },
    isClosing: () => closing,
    ended: (exchange, record) => {
      inFlight.delete(exchange);
      accessLog.write(record);
      traffic.observe(record);
      unreadable.afterExchange(exchange.request.socket);
      // The connection turns idle only after this turn.
      if (closing) setImmediate(() => server.closeIdleConnections());
    },
  };
  const unreadable = new UnreadableRequests({
    targetBytes: limits.targetBytes,
    lingerMs: timeouts.lingerMs,
    exchangesOn: (socket) => [...inFlight].filter(({ request }) => request.socket === socket),
    ended: (record) => {
      accessLog.write(record);
      traffic.observe(record);
    },
  });

  function begin(request: IncomingMessage, response: ServerResponse, arrival: Arrival): void {
    if (unreadable.isDistrusted(request.socket)) return;
    const exchange = new Exchange(request, response, scope, arrival);
    inFlight.add(exchange);
    try {
      exchange.start();
    } catch (error) {
      options.logger.error({ err: error }, 'a request could not be handled');
      exchange.refuse('internal_error');
    }
  }

  const server = createServer(
    {
      // Room above the facade's own limits, so that it is the one that answers.
      maxHeaderSize: 2 * (limits.headerBytes + limits.targetBytes),
      headersTimeout: timeouts.clientHeaderMs,
      requestTimeout: 0,
      connectionsCheckingInterval: settings.tickMs,
      keepAliveTimeout: timeouts.keepAliveMs,
      requireHostHeader: false,
      // A request without a body then has no stream events at all, which saves a tenth of its CPU time.
      optimizeEmptyRequests: true,
      shouldUpgradeCallback: asksForUpgrade,
    },
    (request, response) => {
      begin(request, response, ordinary);
    },
  );
  server.maxHeadersCount = 0;
  server.maxConnections = limits.clientConnections;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('drop', () => {
    traffic.dropped();
  });
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    begin(request, response, { expectsContinue: true });
  });
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    begin(request, response, { refusal: 'expectation_failed' });
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const client = new ClientUpgrade(request, socket, head);
    const onUpgrade = (upgrade: Upgrade) => {
      const tunnel = client.accept(upgrade, timeouts.upgradeIdleMs, () => tunnels.delete(tunnel));
      tunnels.add(tunnel);
    };
    begin(request, client.response, { onUpgrade });
  });
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    unreadable.refuse(socket, 'target_rejected', request.method ?? '');
  });
  server.on('clientError', (error: Error, socket: Socket) => {
    unreadable.onError(error, socket);
  });

  let gaugesAt = 0;
  const ticker = setInterval(() => {
    const now = performance.now();
    for (const exchange of inFlight) exchange.tick();
    for (const tunnel of tunnels) tunnel.expire(now);
    lingering.expire(now);
    pools.retireUnused(now);
    if (now < gaugesAt) return;
    gaugesAt = now + gaugesEvery;
    traffic.refresh();
  }, settings.tickMs).unref();

  return {
    server,
    async close(deadlineMs) {
      closing = true;
      for (const exchange of inFlight) exchange.closeAfterwards();
      const deadline = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, deadlineMs);
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        // Opened in advance, as browsers do: node takes it for a request that is about to come.
        for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      });
      clearTimeout(deadline);
      clearInterval(ticker);
      // The upstream's side of what was cut, and the log line of it, come a turn or two later.
      for (let turn = 0; turn < mostTurns && inFlight.size + tunnels.size > 0; turn++) {
        await nextTurn();
      }
      await pools.close();
      accessLog.flush();
    },
  };
}
