import type { Metrics } from '@newscience/service-kit/metrics';
import type { CurrentTable } from './current-table.ts';
import type { TableFeed } from './table-feed.ts';

const EVERY_MS = 1000;

/** Shows which table is in force here, and since when the database has not confirmed it. */
export function watchTable(
  metrics: Metrics,
  current: CurrentTable,
  feed: Pick<TableFeed, 'status'>,
): void {
  const revision = metrics.gauge(
    'gateway_route_table_revision',
    'Revision of the route table in force in this instance.',
  );
  const routes = metrics.gauge('gateway_routes', 'Routes in force in this instance, by stage.', [
    'stage',
  ]);
  const unconfirmed = metrics.gauge(
    'gateway_route_table_unconfirmed_seconds',
    'Since the database last confirmed the route table; -1 before the first time.',
  );
  const refresh = (): void => {
    const { table } = current.steering;
    revision.set(table.revision);
    routes.reset();
    for (const { stage } of table.routes.values()) routes.inc({ stage: stage.name });
    const { confirmedMs } = feed.status();
    unconfirmed.set(confirmedMs === undefined ? -1 : confirmedMs / 1000);
  };
  refresh();
  setInterval(refresh, EVERY_MS).unref();
}
