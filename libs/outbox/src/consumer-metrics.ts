import type { Metrics } from '@newscience/service-kit/metrics';
import type pg from 'pg';

import type { Outcome } from './handling.ts';

export type ConsumerMetrics = {
  readonly observe: (outcome: Outcome) => void;
  readonly fenced: () => void;
  readonly handledIn: (seconds: number) => void;
  /** Asks the database what waits. */
  readonly sample: () => Promise<void>;
};

const silent: ConsumerMetrics = {
  observe: () => undefined,
  fenced: () => undefined,
  handledIn: () => undefined,
  sample: () => Promise.resolve(),
};

type Held = { waiting: number; keys: number; dead: number };

const countHeld = `
SELECT count(*)::int AS waiting, count(next_attempt_at)::int AS keys,
  (SELECT count(*) FROM inbox_dead_letter WHERE consumer = $1)::int AS dead
FROM inbox_waiting WHERE consumer = $1`;

/** The metrics of one consumer; one a registry. */
export function consumerMetrics(
  metrics: Metrics | undefined,
  { pool, consumer }: { readonly pool: pg.Pool; readonly consumer: string },
): ConsumerMetrics {
  if (metrics === undefined) return silent;
  const events = metrics.counter('consumer_events_total', 'Events by what has become of them.', [
    'consumer',
    'outcome',
  ]);
  const fenced = metrics.counter(
    'consumer_fenced_total',
    'Batches whose position another member commits, because this one lost the partition.',
    ['consumer'],
  );
  const seconds = metrics.histogram('consumer_batch_seconds', 'Time for a batch that went well.', [
    'consumer',
  ]);
  const waiting = metrics.gauge(
    'consumer_waiting_events',
    'Events that wait for another attempt, and those behind them.',
    ['consumer'],
  );
  const keys = metrics.gauge('consumer_blocked_keys', 'Keys with a waiting event.', ['consumer']);
  const dead = metrics.gauge('consumer_dead_letters', 'Dead letters that nobody has dealt with.', [
    'consumer',
  ]);
  return {
    observe: (outcome) => events.inc({ consumer, outcome }),
    fenced: () => fenced.inc({ consumer }),
    handledIn: (value) => seconds.observe({ consumer }, value),
    sample: async () => {
      const { rows } = await pool.query<Held>(countHeld, [consumer]);
      const [held] = rows;
      if (held === undefined) return;
      waiting.set({ consumer }, held.waiting);
      keys.set({ consumer }, held.keys);
      dead.set({ consumer }, held.dead);
    },
  };
}
