import { setTimeout as sleep } from 'node:timers/promises';

import { err, ok, type Result } from '@newscience/service-kit/result';
import type { SiteService } from '@newscience/site-client/find-site';
import type { SiteClient } from '@newscience/site-client/site-client';
import { canRetry, type SiteError } from '@newscience/site-client/site-error';
import { z } from 'zod';

import { readBlocks, type StreamBlock } from './event-stream.ts';

/** Something that happened, as the activity service tells it. Its other fields are passed on as they are. */
export const activitySchema = z.looseObject({
  id: z.int(),
  type: z.string(),
  subject: z.string(),
  time: z.string(),
  summary: z.string(),
});
export type Activity = z.output<typeof activitySchema>;

export type TailOptions = {
  readonly type?: string | undefined;
  readonly subject?: string | undefined;
  /** Also what happened since then (RFC 3339). Default: only what happens from now on. */
  readonly since?: string | undefined;
  /** Ends after so many. Default never. */
  readonly limit?: number | undefined;
};

export type TailSurroundings = {
  readonly show: (activity: Activity) => void;
  /** For what is not an activity: a lost connection, a timeline that was restored. */
  readonly tell: (text: string) => void;
  readonly signal: AbortSignal;
  /** A stream that says nothing for so long is taken for dead, milliseconds. Default 45000: three heartbeats. */
  readonly silentMs?: number;
  /** Before another try, milliseconds. Default 1000. */
  readonly retryMs?: number;
};

type Ending = 'stopped' | 'enough' | 'lost';

/**
 * Shows what happens until it is stopped, each activity once: after a lost connection it goes on where it was. Only
 * where the first connection fails, or a later one is refused, it ends with an error.
 */
export async function tail(
  site: Pick<SiteClient, 'open'>,
  { url }: SiteService,
  options: TailOptions,
  { show, tell, signal, silentMs = 45_000, retryMs = 1000 }: TailSurroundings,
): Promise<Result<undefined, SiteError>> {
  let last: string | undefined;
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  let connected = false;
  let lost = false;

  const take = ({ event, id, data }: StreamBlock): Ending | undefined => {
    if (id !== undefined) last = id;
    if (data === undefined) return undefined;
    if (event === 'reset') tell('the timeline was restored to an earlier state');
    if (event !== 'activity') return undefined;
    const activity = activitySchema.safeParse(parseJson(data));
    if (!activity.success) return undefined;
    show(activity.data);
    left -= 1;
    return left > 0 ? undefined : 'enough';
  };

  const follow = async (body: AsyncIterable<Uint8Array>, idle: IdleTimer): Promise<Ending> => {
    try {
      for await (const block of readBlocks(idle.watch(body))) {
        const ending = take(block);
        if (ending !== undefined) return ending;
      }
      return 'lost';
    } catch {
      return signal.aborted ? 'stopped' : 'lost';
    }
  };

  for (;;) {
    const idle = idleTimer(silentMs);
    try {
      const opened = await site.open({
        ...{ method: 'GET', path: pathOf(options), door: { url } },
        signal: AbortSignal.any([signal, idle.signal]),
        headers: {
          accept: 'text/event-stream',
          ...(last === undefined ? {} : { 'last-event-id': last }),
        },
      });
      if (!opened.ok && !(connected && canRetry(opened.error))) return asTail(opened);
      if (opened.ok) {
        if (lost) tell('connected again');
        [connected, lost] = [true, false];
        const { body } = opened.value;
        const ending = body === null ? 'lost' : await follow(body, idle);
        if (ending !== 'lost') return ok(undefined);
      } else {
        // A stream ends with its token too: no word of that where the next one begins at once.
        if (!lost) tell('the connection was lost; trying again');
        lost = true;
      }
    } catch (error) {
      if (signal.aborted) return ok(undefined);
      throw error;
    } finally {
      idle.stop();
    }
    await sleep(retryMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return ok(undefined);
  }
}

function pathOf({ type, subject, since }: TailOptions): string {
  const query = new URLSearchParams({
    ...(type === undefined ? {} : { type }),
    ...(subject === undefined ? {} : { subject }),
    // From the first one on, of those that happened since then.
    ...(since === undefined ? {} : { after: '0', from: since }),
  });
  return `/api/v1/activity/stream?${query.toString()}`;
}

function asTail(refused: Result<unknown, SiteError>): Result<undefined, SiteError> {
  if (refused.ok || refused.error.code !== 'refused' || refused.error.refusal.status !== 404)
    return refused.ok ? ok(undefined) : err(refused.error);
  const detail = 'the service has no stream of what happens: is it the activity service?';
  return err({ code: 'answer_not_understood', detail });
}

type IdleTimer = {
  readonly signal: AbortSignal;
  readonly watch: (body: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
  readonly stop: () => void;
};

function idleTimer(ms: number): IdleTimer {
  const silent = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => silent.abort(), ms);
  };
  return {
    signal: silent.signal,
    watch: async function* (body) {
      start();
      for await (const chunk of body) {
        start();
        yield chunk;
      }
    },
    stop: () => clearTimeout(timer),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
