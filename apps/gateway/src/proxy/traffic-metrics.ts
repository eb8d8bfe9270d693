import type { Metrics } from '@newscience/service-kit/metrics';
import type { AccessRecord } from './access-log.ts';
import type { UpstreamPool } from './upstream-pool.ts';

export type TrafficMetrics = {
  /** Counts one request that has ended. */
  observe: (record: AccessRecord) => void;
  /** Counts a client that was not let in because there were too many. */
  dropped: () => void;
  /** Brings counts and gauges up to date; to be called about once a second. */
  refresh: () => void;
};

const nowhere = { route: '', stage: '', upstream: '' };
const noSeries: Series = {
  labels: nowhere,
  counted: { ...nowhere, method: '', status: -1 },
  count: 0,
  durations: [],
  firstBytes: [],
};

/** What the gauges show. */
export type TrafficSource = {
  inFlight: () => number;
  /** Open connections of clients. */
  clients: () => number;
  pools: () => Iterable<UpstreamPool>;
};

/** Methods that get a label of their own; whatever else clients invent is one series together. */
const labelled = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const none = '(none)';
const other = '(other)';
const inward = { direction: 'in' } as const;
const outward = { direction: 'out' } as const;
const mostSeries = 10_000;
const mostWaiting = 1_000;

type Series = {
  labels: { route: string; stage: string; upstream: string };
  counted: { route: string; stage: string; upstream: string; method: string; status: number };
  /** Requests not yet added to the counter, and their durations in seconds. */
  count: number;
  durations: number[];
  firstBytes: number[];
};

/** The facade's Prometheus metrics; each name starts with `gateway_`. */
export function createTrafficMetrics(metrics: Metrics, source: TrafficSource): TrafficMetrics {
  const requests = metrics.counter(
    'gateway_requests_total',
    'Requests that have ended, by what the client was answered; status 0 is no answer.',
    ['route', 'stage', 'upstream', 'method', 'status'],
  );
  const duration = metrics.histogram(
    'gateway_request_duration_seconds',
    'From the arrival of a request to the last byte of its answer.',
    ['route', 'stage', 'upstream'],
  );
  const firstByte = metrics.histogram(
    'gateway_upstream_first_byte_seconds',
    'From the arrival of a request to the first byte of the answer of its upstream.',
    ['route', 'stage', 'upstream'],
  );
  const faults = metrics.counter(
    'gateway_faults_total',
    'Requests that did not end as they should, by stable code.',
    ['upstream', 'code'],
  );
  const retries = metrics.counter(
    'gateway_upstream_retries_total',
    'Requests sent again because a reused connection was closed under them.',
    ['upstream'],
  );
  const bytes = metrics.counter('gateway_body_bytes_total', 'Bytes of bodies passed on.', [
    'direction',
  ]);
  const dropped = metrics.counter(
    'gateway_client_connections_dropped_total',
    'Clients that were not let in because there were too many.',
  );
  const series = new Map<string, Series>();
  let last: Series = noSeries;
  /** One request's labels, made once for all requests that share them. */
  const seriesOf = ({ route, stage, upstream, method, status }: AccessRecord): Series => {
    const { counted } = last;
    // The same as the last one more often than not, and comparing costs less than a key.
    if (
      counted.status === status &&
      counted.method === method &&
      counted.route === route &&
      counted.stage === stage &&
      counted.upstream === upstream
    ) {
      return last;
    }
    const key = `${status} ${method} ${stage} ${route} ${upstream}`;
    const known = series.get(key);
    if (known !== undefined) return (last = known);
    const labels = { route: route || none, stage: stage || none, upstream: upstream || none };
    const made = {
      labels,
      counted: { ...labels, method: labelled.has(method) ? method : other, status },
      count: 0,
      durations: [],
      firstBytes: [],
    };
    series.set(key, made);
    return (last = made);
  };
  let bytesIn = 0;
  let bytesOut = 0;
  /** Many at once: in the middle of a request each observation costs three times as much. */
  const add = (entry: Series) => {
    if (entry.count === 0) return;
    requests.inc(entry.counted, entry.count);
    for (const seconds of entry.durations) duration.observe(entry.labels, seconds);
    for (const seconds of entry.firstBytes) firstByte.observe(entry.labels, seconds);
    entry.count = 0;
    entry.durations = [];
    entry.firstBytes = [];
  };
  const refreshGauges = createGauges(metrics, source);
  return {
    dropped() {
      dropped.inc();
    },
    refresh() {
      refreshGauges();
      for (const entry of series.values()) add(entry);
      bytes.inc(inward, bytesIn);
      bytes.inc(outward, bytesOut);
      bytesIn = bytesOut = 0;
      // A client that invents methods must not make this grow without end.
      if (series.size <= mostSeries) return;
      series.clear();
      last = noSeries;
    },
    observe(record) {
      const entry = seriesOf(record);
      entry.durations.push(record.totalMs / 1_000);
      if (record.upstreamMs >= 0) entry.firstBytes.push(record.upstreamMs / 1_000);
      bytesIn += record.bytesIn;
      bytesOut += record.bytesOut;
      entry.count += 1;
      if (entry.count >= mostWaiting) add(entry);
      if (record.fault !== '') faults.inc({ upstream: entry.labels.upstream, code: record.fault });
      if (record.attempts > 1) retries.inc({ upstream: entry.labels.upstream });
    },
  };
}

/** Gauges of what is so right now. */
function createGauges(metrics: Metrics, source: TrafficSource): () => void {
  const inFlight = metrics.gauge('gateway_requests_in_flight', 'Requests not yet ended.');
  const clients = metrics.gauge('gateway_client_connections', 'Open connections of clients.');
  const connections = metrics.gauge(
    'gateway_upstream_connections',
    'Connections to an upstream by state; waiting counts the requests in its queue.',
    ['upstream', 'state'],
  );
  return () => {
    inFlight.set(source.inFlight());
    clients.set(source.clients());
    connections.reset();
    for (const { name, busy, idle, waiting, upgrades } of source.pools()) {
      connections.inc({ upstream: name, state: 'busy' }, busy);
      connections.inc({ upstream: name, state: 'idle' }, idle);
      connections.inc({ upstream: name, state: 'waiting' }, waiting);
      connections.inc({ upstream: name, state: 'upgraded' }, upgrades);
    }
  };
}
