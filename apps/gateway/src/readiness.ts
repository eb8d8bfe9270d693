import type { Health } from '@newscience/service-kit/health';
import type { TargetProbe } from './adapters/target-probe.ts';
import type { CurrentTable } from './current-table.ts';
import type { TableFeed } from './table-feed.ts';

export type ReadinessOptions = {
  current: CurrentTable;
  feed: Pick<TableFeed, 'status'>;
  probe: TargetProbe;
  monolithOrigin: string;
  /** Says how the event bus is, or rejects. */
  checkBus: () => Promise<string>;
  /** A table that the database has not confirmed for this long may be out of date, milliseconds. Default 3000. */
  staleMs?: number;
};

/**
 * What the gateway depends on. Nothing here is critical: it serves with the table that it has, and a
 * gateway that took itself out would turn a fault of one route into a fault of all. So these make it
 * `degraded` and never `unready`.
 */
export function addReadinessChecks(health: Health, options: ReadinessOptions): void {
  const { current, feed, probe, monolithOrigin, checkBus, staleMs = 3000 } = options;
  const optional = { critical: false };

  health.add('database', () => checkDatabase(feed, staleMs), optional);
  health.add('route_table', () => checkTable(current), optional);
  const checkMonolith = async () => {
    const because = await probe(monolithOrigin);
    if (because !== undefined) throw new Error(`${monolithOrigin} does not answer (${because})`);
    return monolithOrigin;
  };
  health.add('monolith', checkMonolith, optional);
  health.add('bus', checkBus, optional);
}

// eslint-disable-next-line @typescript-eslint/require-await -- a check says that it failed by rejecting
async function checkDatabase(feed: Pick<TableFeed, 'status'>, staleMs: number): Promise<string> {
  const { confirmedMs, failure } = feed.status();
  const reason = failure === undefined ? '' : ` (${failure})`;
  if (confirmedMs === undefined) throw new Error(`not reached since the start${reason}`);
  const since = `last reached ${(confirmedMs / 1000).toFixed(1)} s ago`;
  if (failure !== undefined || confirmedMs > staleMs) throw new Error(since + reason);
  return since;
}

// eslint-disable-next-line @typescript-eslint/require-await -- as above
async function checkTable({ origin, steering }: CurrentTable): Promise<string> {
  const { revision, routes } = steering.table;
  if (origin.kind === 'default') {
    throw new Error('no table: the default route takes everything to the monolith');
  }
  const held = `revision ${revision}, ${routes.size} routes`;
  if (origin.kind === 'snapshot')
    throw new Error(`${held}, from the snapshot of ${origin.savedAt}`);
  const lost = steering.unresolved.map(({ id }) => id).join(', ');
  if (lost !== '')
    throw new Error(`${held}; with the monolith for want of a known target: ${lost}`);
  return `${held}, from the database`;
}
