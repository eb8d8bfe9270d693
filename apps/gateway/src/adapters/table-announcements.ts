import type { Logger } from '@newscience/service-kit/logging';
import pg from 'pg';
import { ROUTE_TABLE_CHANNEL } from './postgres-route-store.ts';

export type Announcements = { stop: () => Promise<void> };

export type AnnouncementOptions = {
  databaseUrl: string;
  applicationName: string;
  logger: Logger;
  /** Called at each announced change, and when the connection is (back) up: one may have been missed. */
  onChange: () => void;
  /** First pause before connecting again, milliseconds; doubles up to ten times that. Default 500. */
  retryMs?: number;
};

const CONNECT_TIMEOUT_MS = 3000;

/** Listens for changes of the route table on a connection of its own, and connects again for as long as it takes. */
export function listenForAnnouncements(options: AnnouncementOptions): Announcements {
  const { logger, onChange, retryMs = 500 } = options;
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let failures = 0;

  const again = (): void => {
    if (stopped) return;
    timer = setTimeout(() => void connect(), Math.min(retryMs * 2 ** failures, retryMs * 10));
    failures += 1;
  };

  const connect = async (): Promise<void> => {
    const next = new pg.Client({
      connectionString: options.databaseUrl,
      application_name: options.applicationName,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
    });
    client = next;
    next.on('error', (error) => logger.debug({ err: error }, 'announcement connection lost'));
    next.once('end', again);
    next.on('notification', onChange);
    try {
      await next.connect();
      await next.query(`LISTEN ${ROUTE_TABLE_CHANNEL}`);
      failures = 0;
      onChange();
    } catch (error) {
      logger.debug({ err: error }, 'announcement connection failed');
      await next.end().catch(() => undefined);
    }
  };

  void connect();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}
