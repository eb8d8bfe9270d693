import { envelopeSchema } from '@newscience/event-contracts/envelope';
import type { Logger } from '@newscience/service-kit/logging';
import { err, ok } from '@newscience/service-kit/result';

import {
  type Claim,
  DEFAULT_HANDLER_LIMIT_MS,
  DEFAULT_MAX_BATCH,
  type Delivery,
  type SubscribeOptions,
} from '../bus.ts';
import { createAttempts } from '../delivery-attempts.ts';
import { retryPause } from '../retry-pause.ts';
import type { Entry } from './event-log.ts';
import type { Hold } from './group-store.ts';

export type WorkerOptions = {
  readonly hold: Hold;
  /** Where to go on. */
  readonly position: bigint;
  readonly subscription: SubscribeOptions;
  readonly read: (from: bigint, most: number) => Promise<Entry[]>;
  /** False where the partition has another owner by now. */
  readonly commit: (next: bigint) => Promise<boolean>;
  readonly logger: Logger;
};

export interface PartitionWorker {
  readonly hold: Hold;
  /** Tells where the partition ends and whether it is paused. */
  update(state: { head?: bigint; paused?: boolean }): void;
  /** Whether a handler has been at work for longer than it may. */
  overdue(): boolean;
  /** Whether its handler is at work, in time or not. */
  handling(): boolean;
  /** The partition is somebody else's: nothing is committed any more. */
  abandon(): void;
  /** Takes no new batch; fulfilled when the last one is done. */
  stop(): Promise<void>;
  /** Fulfilled when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
}

/** Hands out the events of one partition, one batch after the other, for as long as this member owns it. */
export function startPartitionWorker(options: WorkerOptions): PartitionWorker {
  const { hold, subscription, read, commit } = options;
  const { maxBatch = DEFAULT_MAX_BATCH, handlerLimitMs = DEFAULT_HANDLER_LIMIT_MS } = subscription;
  const logger = options.logger.child({ group: subscription.group, ...hold });
  const lost = new AbortController();
  const stopping = new AbortController();
  const over = AbortSignal.any([lost.signal, stopping.signal]);
  const attempts = createAttempts();
  let position = options.position;
  let head = 0n;
  let paused = true;
  let handlingSince: number | undefined;
  let wake = (): void => undefined;
  over.addEventListener('abort', () => wake(), { once: true });

  const commitThrough = async (last: bigint): Promise<boolean> => {
    if (lost.signal.aborted || !(await commit(last + 1n))) {
      lost.abort();
      return false;
    }
    position = last + 1n;
    attempts.forget(last);
    return true;
  };

  const claim: Claim = {
    ...hold,
    signal: lost.signal,
    commit: async (last) =>
      (await commitThrough(last))
        ? ok(undefined)
        : err({
            code: 'fenced',
            detail: `${hold.topic}/${hold.partition} is no longer this member's (generation ${hold.generation}).`,
          }),
    heartbeat: () => {
      if (handlingSince !== undefined) handlingSince = performance.now();
      return Promise.resolve();
    },
  };

  const handle = async (batch: readonly Delivery[]): Promise<void> => {
    handlingSince = performance.now();
    try {
      await subscription.handle(batch, claim);
    } finally {
      handlingSince = undefined;
    }
  };

  const next = async (): Promise<void> => {
    const end = head;
    const entries = await read(position, maxBatch);
    const last = entries.at(-1)?.position;
    if (over.aborted) return;
    // Everything below the end is visible: what is not there was removed by retention.
    if (last === undefined) await commitThrough(end - 1n);
    else {
      const batch = entries.flatMap((entry) => deliveryOf(entry, hold, attempts.next, logger));
      if (batch.length > 0) await handle(batch);
      await untilCommitted(() => commitThrough(last), lost.signal, logger);
    }
  };

  const run = async (): Promise<void> => {
    for (let failures = 0; !over.aborted;) {
      if (paused || position >= head) {
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      try {
        await next();
        failures = 0;
      } catch (error) {
        failures += 1;
        logger.warn({ err: error, position: String(position), failures }, 'batch not handled');
        await retryPause(failures, over);
      }
    }
  };

  const ended = run();
  return {
    hold,
    ended,
    update: (state) => {
      if (state.head !== undefined && state.head > head) head = state.head;
      paused = state.paused ?? paused;
      wake();
    },
    overdue: () =>
      handlingSince !== undefined && performance.now() - handlingSince > handlerLimitMs,
    handling: () => handlingSince !== undefined,
    abandon: () => lost.abort(),
    stop: () => {
      stopping.abort();
      return ended;
    },
  };
}

/** The handler's work is done: a database that is away for a moment must not make it be done again. */
async function untilCommitted(
  commit: () => Promise<boolean>,
  lost: AbortSignal,
  logger: Logger,
): Promise<void> {
  for (let tries = 1; !lost.aborted; tries += 1) {
    try {
      await commit();
      return;
    } catch (error) {
      if (tries === 1) logger.warn({ err: error }, 'commit not possible yet');
      await retryPause(tries, lost, { mostMs: 1000 });
    }
  }
}

function deliveryOf(
  { position, json }: Entry,
  { topic, partition }: Hold,
  attempt: (position: bigint) => number,
  logger: Logger,
): Delivery[] {
  const event = envelopeSchema.safeParse(JSON.parse(json));
  if (event.success)
    return [{ event: event.data, topic, partition, position, attempt: attempt(position) }];
  // Nothing but append_events writes here, and it is given nothing else.
  logger.error({ position: String(position) }, 'skipped: the log holds something that is no event');
  return [];
}
