import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Logger } from '@newscience/service-kit/logging';
import type { Metrics } from '@newscience/service-kit/metrics';
import { ProblemError } from '@newscience/service-kit/problem';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Activity, ActivityFilter, Timeline } from '../activity.ts';
import type { TimelineHead } from '../timeline-head.ts';
import { createTurns } from './turns.ts';
import { activityFrame, heartbeat, opening, reset } from './frames.ts';

/** Times in milliseconds. */
export type StreamLimits = {
  /** Streams at the same time. */
  readonly clients: number;
  /** Pause after which a silent stream gives a sign of life. */
  readonly heartbeatMs: number;
  /** A client that takes nothing for this long is cut off. */
  readonly stallMs: number;
};

export type StreamsOptions = {
  readonly timeline: Pick<Timeline, 'head' | 'follow'>;
  readonly head: TimelineHead;
  readonly limits: StreamLimits;
  readonly logger: Logger;
  readonly metrics: Metrics;
};

export type StreamWish = {
  readonly filter: ActivityFilter;
  /** The id that the client has seen last; without one the stream begins with what happens next. */
  readonly after: number | undefined;
  /** When the client's right to it ends. */
  readonly until: Date;
};

export type Streams = {
  /**
   * Answers with a stream and resolves when it has begun.
   *
   * @throws ProblemError `too_many_streams`
   * @throws Error while the database is away
   */
  readonly open: (res: ServerResponse, wish: StreamWish) => Promise<void>;
  /** Ends all streams; their clients may go on elsewhere from where they were. */
  readonly close: () => void;
};

/** How a stream came to its end; the values of the metric's label. */
type Ending = 'client' | 'slow' | 'expired' | 'closed';

/** Activities that are in memory for a client at most. */
const PAGE = 50;
const LONGEST_TIMER_MS = 2_147_483_647;
const DATABASE_PAUSE_MS = 500;

/** The last id that the client knows, and of which timeline. */
type Start = { readonly at: number; readonly epoch: number };

class Stalled extends Error {}

/**
 * Streams of activities. Each client has nothing but its place in the timeline, and is read a page from there whenever
 * it has taken the one before: what a slow client has not taken is in the database and nowhere else.
 */
export function createStreams(options: StreamsOptions): Streams {
  const { timeline, limits, logger, metrics } = options;
  const closing = new AbortController();
  const open = new Set<ServerResponse>();
  const clients = metrics.gauge('activity_stream_clients', 'Streams that are open.');
  const ended = metrics.counter('activity_streams_ended_total', 'Ended streams by the reason.', [
    'reason',
  ]);
  const sent = metrics.counter('activity_stream_events_total', 'Activities sent to all streams.');
  const readInTurn = createTurns(DATABASE_PAUSE_MS);

  const run = async (res: ServerResponse, wish: StreamWish, from: Start): Promise<Ending> => {
    const gone = new AbortController();
    res.once('close', () => gone.abort());
    if (res.destroyed) return 'client';
    const expired = AbortSignal.timeout(
      Math.min(Math.max(wish.until.getTime() - Date.now(), 0), LONGEST_TIMER_MS),
    );
    const signal = AbortSignal.any([gone.signal, closing.signal, expired]);
    try {
      await send(res, wish.filter, from, signal);
    } catch (error) {
      if (error instanceof Stalled) {
        res.destroy();
        return 'slow';
      }
      if (!signal.aborted) throw error;
    }
    if (gone.signal.aborted) return 'client';
    res.end();
    return closing.signal.aborted ? 'closed' : 'expired';
  };

  const send = async (
    res: ServerResponse,
    filter: ActivityFilter,
    from: Start,
    signal: AbortSignal,
  ): Promise<void> => {
    let { at, epoch } = from;
    let spokeAt = performance.now();
    const write = async (frame: string): Promise<void> => {
      if (!res.write(frame)) await drained(res, limits.stallMs, signal);
      spokeAt = performance.now();
    };
    while (!signal.aborted) {
      const silentMs = performance.now() - spokeAt;
      if (silentMs >= limits.heartbeatMs) await write(heartbeat(at));
      const head = options.head.current();
      if (head !== undefined && head.epoch !== epoch) {
        ({ id: at, epoch } = head);
        await write(reset(at));
      } else if (head === undefined || head.id <= at) {
        await options.head.moved(head, Math.max(1, limits.heartbeatMs - silentMs), signal);
      } else {
        const page = await readPage(filter, { after: at, upTo: head.id }, signal);
        for (const activity of page ?? []) {
          await write(activityFrame(activity));
          sent.inc();
        }
        if (page !== undefined) at = page.length === PAGE ? (page.at(-1)?.id ?? head.id) : head.id;
      }
    }
  };

  /** Undefined where the database was not to be had, after a pause. */
  const readPage = async (
    filter: ActivityFilter,
    span: { readonly after: number; readonly upTo: number },
    signal: AbortSignal,
  ): Promise<Activity[] | undefined> => {
    try {
      return await readInTurn(() => timeline.follow(filter, { ...span, limit: PAGE }));
    } catch (error) {
      logger.debug({ err: error }, 'a stream has to wait for the database');
      await sleep(DATABASE_PAUSE_MS, undefined, { signal });
      return undefined;
    }
  };

  return {
    open: async (res, wish) => {
      const full = (): boolean => open.size >= limits.clients || closing.signal.aborted;
      if (full()) throw new ProblemError(tooMany(limits.clients));
      const epoch = options.head.current()?.epoch ?? 0;
      const head = await timeline.head();
      if (full()) throw new ProblemError(tooMany(limits.clients));
      const { after = head } = wish;
      res.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      const unknown = after > head;
      res.write(unknown ? opening(head) + reset(head) : opening(after));
      open.add(res);
      clients.set(open.size);
      void run(res, wish, { at: unknown ? head : after, epoch })
        .catch((error: unknown): Ending => {
          logger.error({ err: error }, 'a stream failed');
          res.destroy();
          return 'closed';
        })
        .then((reason) => {
          open.delete(res);
          clients.set(open.size);
          ended.inc({ reason });
          logger.debug({ reason }, 'stream ended');
        });
    },
    close: () => closing.abort(),
  };
}

const tooMany = (clients: number) => ({
  code: 'too_many_streams',
  detail: `There are ${clients} streams already, and no more are served. Try again in a moment, or ask for pages.`,
  retryable: true,
  retryAfterSeconds: 5,
});

/** @throws Stalled where nothing was taken in time */
async function drained(res: ServerResponse, withinMs: number, signal: AbortSignal): Promise<void> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), withinMs);
  try {
    await once(res, 'drain', { signal: AbortSignal.any([signal, late.signal]) });
  } catch (error) {
    if (late.signal.aborted && !signal.aborted) throw new Stalled();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
