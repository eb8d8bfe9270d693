import type { EventBus } from '@newscience/event-bus/bus';
import { codeOf } from '@newscience/service-kit/error-text';
import type { Logger } from '@newscience/service-kit/logging';
import type { Metrics } from '@newscience/service-kit/metrics';
import type { Secret } from '@newscience/service-kit/secret';

import { type Backoff, pauseMs } from './domain/backoff.ts';
import { publishBatch, type Refusal } from './publish-batch.ts';
import { createRelayLane, type RelayLane } from './relay-lane.ts';
import { relayMetrics } from './relay-metrics.ts';
import { openRelaySession, type RelaySession } from './relay-session.ts';
import { createWakeUp } from './wake-up.ts';

/** Times in milliseconds. */
export type RelayOptions = {
  /** Of the role that the service runs as. A direct connection: a pooler between would lose locks and notifications. */
  readonly databaseUrl: string | Secret;
  readonly applicationName: string;
  readonly bus: Pick<EventBus, 'publish'>;
  readonly logger: Logger;
  readonly metrics?: Metrics;
  /** Events in one batch, at most. Default 500. */
  readonly batchEvents?: number;
  /** A batch is cut off after the event with which it passes so many bytes of JSON. Default 4 MiB. */
  readonly batchBytes?: number;
  /** How often to look without being told, and to share the partitions anew. Default 1000. */
  readonly pollMs?: number;
  /** While the bus or the database is away. Default 100 to 5000. */
  readonly backoff?: Backoff;
  /** How long a key waits whose event the bus refuses. Default 30000. */
  readonly setAsideMs?: number;
  /** A relay that has given no sign of life for so long loses its partitions to the others. Default 15000. */
  readonly lostAfterMs?: number;
};

export type Relay = {
  /** The partitions that it holds now. */
  readonly partitions: () => readonly number[];
  /** Waits for the batch that is being published, and frees the partitions. */
  readonly stop: () => Promise<void>;
};

const BACKLOG_EVERY_MS = 5000;

/**
 * Publishes what is appended to the outbox, for as long as it runs: in order per key, at least once. Any number
 * of relays may run, in any number of processes; they share the keys among them. It never throws: while the bus
 * or the database is away it tries again, and says so in its log and metrics.
 */
export function startRelay(options: RelayOptions): Relay {
  const { bus, logger, pollMs = 1000, backoff = { baseMs: 100, capMs: 5000 } } = options;
  const { batchEvents = 500, batchBytes = 4 * 1024 * 1024 } = options;
  const { setAsideMs = 30_000, lostAfterMs = 15_000 } = options;
  const metrics = relayMetrics(options.metrics);
  const wakeUp = createWakeUp();
  const ended = createWakeUp();
  const setAside = new Map<string, number>();
  let session: RelaySession | undefined;
  let stopping = false;
  const isStopping = (): boolean => stopping;
  let failures = 0;
  let nextBacklog = 0;

  const recovered = (): void => {
    if (failures > 0) logger.info({ failures }, 'the outbox is being published again');
    failures = 0;
  };

  const pauseAfter = async (error: unknown, what: string): Promise<void> => {
    failures += 1;
    // A long outage is one line, not thousands.
    logger[failures === 1 ? 'warn' : 'debug']({ err: error, failures }, what);
    await ended.wait(pauseMs(backoff, failures, Math.random()));
    if (isStopping()) ended.raise();
  };

  const refuse = ({ pending, error }: Refusal): void => {
    const { key, event } = pending;
    metrics.failed(codeOf(error));
    logger.error(
      { err: error, eventId: event.id, type: event.type, key },
      'event refused by the bus',
    );
    setAside.set(key, performance.now() + setAsideMs);
  };

  const keepHouse = async (open: RelaySession): Promise<void> => {
    for (const [key, until] of setAside) if (until <= performance.now()) setAside.delete(key);
    await open.rebalance();
    metrics.holds(open.partitions().length, setAside.size);
    if (performance.now() < nextBacklog) return;
    nextBacklog = performance.now() + BACKLOG_EVERY_MS;
    metrics.backlog(await open.backlog());
  };

  const relayOnce = async (open: RelaySession, lane: RelayLane): Promise<'more' | 'empty'> => {
    const withoutKeys = [...setAside.keys()];
    const batch = await lane.next(withoutKeys);
    if (batch.length === 0) return 'empty';
    // Both to their ends: nobody may read this batch again while it is on its way.
    const [publishing, reading] = await Promise.allSettled([
      alive(open, publishBatch(bus, batch)),
      lane.readAhead(batch, withoutKeys),
    ]);
    if (publishing.status === 'rejected') {
      const error: unknown = publishing.reason;
      lane.forget();
      metrics.failed(codeOf(error) || 'unknown');
      await alive(open, pauseAfter(error, 'the event bus does not take events'));
      return 'more';
    }
    const { published, refused } = publishing.value;
    refused.forEach(refuse);
    if (refused.length > 0) lane.forget();
    lane.published(published);
    metrics.published(published.length);
    if (reading.status === 'rejected') throw reading.reason;
    recovered();
    return 'more';
  };

  const serve = async (open: RelaySession): Promise<void> => {
    let nextHouse = 0;
    const lane = createRelayLane(open, { events: batchEvents, bytes: batchBytes });
    while (!isStopping()) {
      if (performance.now() >= nextHouse) {
        // A partition that goes to another relay leaves nothing behind here.
        await lane.settle();
        await keepHouse(open);
        nextHouse = performance.now() + pollMs;
      }
      if ((await relayOnce(open, lane)) === 'empty' && !isStopping())
        await wakeUp.wait(Math.min(pollMs, lostAfterMs / 5));
    }
    await lane.settle();
  };

  /** Signs of life while something else is waited for. A lost connection shows itself at the next query. */
  const alive = async <T>(open: RelaySession, work: Promise<T>): Promise<T> => {
    const timer = setInterval(() => void open.touch().catch(() => undefined), lostAfterMs / 5);
    try {
      return await work;
    } finally {
      clearInterval(timer);
    }
  };

  const run = async (): Promise<void> => {
    while (!isStopping()) {
      try {
        const { databaseUrl, applicationName } = options;
        const onWake = wakeUp.raise;
        session = await openRelaySession({ databaseUrl, applicationName, lostAfterMs, onWake });
        await serve(session);
      } catch (error) {
        await session?.close();
        session = undefined;
        metrics.holds(0, setAside.size);
        await pauseAfter(error, 'the relay lost its database');
      }
    }
    await session?.close();
  };
  const running = run();

  return {
    partitions: () => session?.partitions() ?? [],
    stop: async () => {
      stopping = true;
      wakeUp.raise();
      ended.raise();
      await running;
    },
  };
}
