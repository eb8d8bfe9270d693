import type { EventBus } from '@newscience/event-bus/bus';
import type { Health } from '@newscience/service-kit/health';
import { ping } from '@newscience/service-kit/postgres';
import type pg from 'pg';

import type { Placing } from './adapters/placing.ts';
import { CONSUMER_GROUP, type Consuming } from './consumers/consuming.ts';

export type ReadinessOptions = {
  readonly pool: pg.Pool;
  readonly bus: Pick<EventBus, 'lag'>;
  readonly consuming: Pick<Consuming, 'status'>;
  readonly placing: Pick<Placing, 'status'>;
  /** Arrivals that were not looked at for this long may not be in the timeline, milliseconds. Default 10000. */
  readonly staleMs?: number;
};

/** Without database or bus the timeline falls behind, and that is all this service is for: each makes it unready. */
export function addReadinessChecks(health: Health, options: ReadinessOptions): void {
  const { pool, bus, consuming, placing, staleMs = 10_000 } = options;

  health.add('database', () => ping(pool));

  health.add('bus', async () => {
    const status = consuming.status();
    if (status.kind === 'joining') throw new Error(`not joined yet: ${status.because}`);
    const lag = await bus.lag(CONSUMER_GROUP);
    const behind = lag.reduce((sum, partition) => sum + partition.behind, 0n);
    return `${behind} events behind`;
  });

  // eslint-disable-next-line @typescript-eslint/require-await -- a check says that it failed by rejecting
  health.add('timeline', async () => {
    const { lookedMs, failure } = placing.status();
    const because = failure === undefined ? '' : ` (${failure})`;
    if (lookedMs === undefined) throw new Error(`not reached yet${because}`);
    const since = `last brought up to date ${(lookedMs / 1000).toFixed(1)} s ago`;
    if (failure !== undefined || lookedMs > staleMs) throw new Error(since + because);
    return since;
  });
}
