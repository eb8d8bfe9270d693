import type { Metrics } from '@newscience/service-kit/metrics';

export type CaptureMetrics = {
  readonly owns: (owns: boolean) => void;
  readonly lag: (bytes: number, seconds: number) => void;
  readonly heldBack: (bytes: number) => void;
  readonly transaction: (rows: number) => void;
  readonly events: (types: readonly string[]) => void;
  readonly snapshot: () => void;
  readonly rejected: (rows: number) => void;
};

/** What capture tells about itself. */
export function captureMetrics(metrics: Metrics): CaptureMetrics {
  const owns = metrics.gauge(
    'capture_owner',
    'Whether this instance captures: over all instances 1.',
  );
  const lagBytes = metrics.gauge(
    'capture_lag_bytes',
    'Log of the legacy database that has not been captured yet.',
  );
  const lagSeconds = metrics.gauge('capture_lag_seconds', 'Age of what is being captured now.');
  const heldBack = metrics.gauge(
    'capture_held_back_bytes',
    'Log that the legacy database keeps for the slot.',
  );
  const transactions = metrics.counter(
    'capture_transactions_total',
    'Legacy transactions captured.',
  );
  const rows = metrics.counter('capture_rows_total', 'Changed legacy rows captured.');
  const events = metrics.counter('capture_events_total', 'Events put into the outbox.', ['type']);
  const snapshots = metrics.counter('capture_snapshots_total', 'Snapshots begun.');
  const rejected = metrics.gauge(
    'capture_rejected_rows',
    'Legacy rows that cannot be told: 0, or somebody has to look.',
  );
  return {
    owns: (is) => owns.set(is ? 1 : 0),
    lag: (bytes, seconds) => {
      lagBytes.set(bytes);
      lagSeconds.set(seconds);
    },
    heldBack: (bytes) => heldBack.set(bytes),
    transaction: (changed) => {
      transactions.inc();
      rows.inc(changed);
    },
    events: (types) => types.forEach((type) => events.inc({ type })),
    snapshot: () => snapshots.inc(),
    rejected: (count) => rejected.set(count),
  };
}
