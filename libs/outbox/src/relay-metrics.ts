import type { Metrics } from '@newscience/service-kit/metrics';

import type { Backlog } from './relay-session.ts';

/** What a relay tells about itself. */
export type RelayMetrics = {
  readonly published: (events: number) => void;
  readonly failed: (code: string) => void;
  readonly backlog: (backlog: Backlog) => void;
  readonly holds: (partitions: number, keysSetAside: number) => void;
};

/** One relay a registry: metrics cannot be registered twice. */
export function relayMetrics(metrics: Metrics | undefined): RelayMetrics {
  if (metrics === undefined)
    return {
      published: () => undefined,
      failed: () => undefined,
      backlog: () => undefined,
      holds: () => undefined,
    };
  const published = metrics.counter(
    'outbox_published_total',
    'Events that the bus has confirmed and that were removed from the outbox.',
  );
  const failures = metrics.counter(
    'outbox_publish_failures_total',
    'Attempts to publish that failed, by the error code of the bus.',
    ['code'],
  );
  const rows = metrics.gauge(
    'outbox_lag_rows',
    'Events in the outbox, all partitions, at most 100000 are counted.',
  );
  const seconds = metrics.gauge('outbox_lag_seconds', 'Age of the oldest event in the outbox.');
  const partitions = metrics.gauge('outbox_partitions', 'Partitions that this relay holds.');
  const aside = metrics.gauge(
    'outbox_keys_set_aside',
    'Keys of this relay that wait because the bus refuses an event of theirs.',
  );
  return {
    published: (events) => published.inc(events),
    failed: (code) => failures.inc({ code }),
    backlog: (backlog) => {
      rows.set(backlog.rows);
      seconds.set(backlog.seconds);
    },
    holds: (count, keysSetAside) => {
      partitions.set(count);
      aside.set(keysSetAside);
    },
  };
}
