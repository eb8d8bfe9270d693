import { performance } from 'node:perf_hooks';

import type pg from 'pg';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** A service's metrics in Prometheus form. Each metric carries the label `service`. */
export type Metrics = {
  readonly registry: Registry;
  counter: <L extends string = never>(
    name: string,
    help: string,
    labelNames?: readonly L[],
  ) => Counter<L>;
  gauge: <L extends string = never>(
    name: string,
    help: string,
    labelNames?: readonly L[],
  ) => Gauge<L>;
  histogram: <L extends string = never>(
    name: string,
    help: string,
    labelNames?: readonly L[],
    buckets?: readonly number[],
  ) => Histogram<L>;
  /** Counts a request that was answered; `route` is the pattern, never the path. */
  observeRequest: (
    labels: { method: string; route: string; status: number },
    seconds: number,
  ) => void;
  /** Shows the connections of a pool: total, idle, and requests waiting for one. */
  watchPool: (
    name: string,
    pool: Pick<pg.Pool, 'totalCount' | 'idleCount' | 'waitingCount'>,
  ) => void;
};

/** Upper bounds in seconds, from what a cached page takes to what a client gives up on. */
const durationBuckets = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];
const mostRoutes = 300;
const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Metrics of one service: process, event loop, requests, and what it adds itself. */
export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  watchEventLoop(registry);

  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: durationBuckets,
    registers: [registry],
  });
  const pools = watchPools(registry);
  const routes = new Set<string>();

  return {
    registry,
    counter: (name, help, labelNames = []) =>
      new Counter({ name, help, labelNames: [...labelNames], registers: [registry] }),
    gauge: (name, help, labelNames = []) =>
      new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] }),
    histogram: (name, help, labelNames = [], buckets = durationBuckets) =>
      new Histogram({
        name,
        help,
        labelNames: [...labelNames],
        buckets: [...buckets],
        registers: [registry],
      }),
    observeRequest({ method, route, status }, seconds) {
      // A route that is not a pattern after all must not make a series for each path that clients invent.
      if (routes.size < mostRoutes) routes.add(route);
      requests.observe(
        {
          method: knownMethods.has(method) ? method : '(other)',
          route: routes.has(route) ? route : '(other)',
          status,
        },
        seconds,
      );
    },
    watchPool: (name, pool) => pools.set(name, pool),
  };
}

function watchEventLoop(registry: Registry): void {
  let last = performance.eventLoopUtilization();
  new Gauge({
    name: 'event_loop_utilization',
    help: 'Share of time, 0 to 1, that the event loop was busy since the last scrape.',
    registers: [registry],
    collect() {
      const now = performance.eventLoopUtilization();
      this.set(performance.eventLoopUtilization(now, last).utilization);
      last = now;
    },
  });
}

type WatchedPool = Pick<pg.Pool, 'totalCount' | 'idleCount' | 'waitingCount'>;

function watchPools(registry: Registry): Map<string, WatchedPool> {
  const pools = new Map<string, WatchedPool>();
  new Gauge({
    name: 'pg_pool_connections',
    help: 'Connections of a PostgreSQL pool by state; waiting counts those who wait for one.',
    labelNames: ['pool', 'state'],
    registers: [registry],
    collect() {
      for (const [pool, { totalCount, idleCount, waitingCount }] of pools) {
        this.set({ pool, state: 'busy' }, totalCount - idleCount);
        this.set({ pool, state: 'idle' }, idleCount);
        this.set({ pool, state: 'waiting' }, waitingCount);
      }
    },
  });
  return pools;
}
