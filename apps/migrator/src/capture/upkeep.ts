import { setTimeout as sleep } from 'node:timers/promises';

import { legacyTables } from '@newscience/anti-corruption-layer/legacy-tables';
import { messageOf } from '@newscience/service-kit/error-text';

import type { Confirmation } from '../domain/confirmation.ts';
import { formatLsn, type Lsn } from '../domain/lsn.ts';
import { schemaFit } from '../domain/schema-fit.ts';
import {
  type LogStanding,
  readLogStanding,
  readSchema,
  writeHeartbeat,
} from '../legacy/legacy-database.ts';
import { outboxBounds, requireSnapshot, signOfLife } from '../store/capture-progress.ts';
import { type CaptureSession, Fenced } from '../store/capture-session.ts';
import { countRejected } from '../store/operator-views.ts';
import { CaptureStopped, type CaptureContext, SnapshotDue } from './context.ts';

export type StreamProgress = {
  /** Captured and written down. */
  readonly saved: Lsn;
  /** Nothing before this is still to be captured. */
  readonly reached: Lsn;
  readonly transactions: number;
  readonly lastCommitAt: string | null;
  /** Commit time of the legacy transaction that is being captured now. */
  readonly openSince: string | null;
};

export type UpkeepOptions = {
  readonly notices: readonly string[];
  readonly signal: AbortSignal;
  readonly progress: () => StreamProgress;
  readonly confirmation: Confirmation;
  /** Tells PostgreSQL what it may forget. */
  readonly confirm: (position: Lsn) => void;
  /** Something has come up: see `check`. */
  readonly fail: () => void;
};

export type Upkeep = {
  /** @throws what has come up */
  readonly check: () => void;
  readonly heartbeatSeen: (text: string) => void;
  readonly stop: () => Promise<void>;
};

const EVERY_MS = 500;
const STANDING_EVERY_MS = 2000;
const SCHEMA_EVERY_MS = 5000;
const REJECTED_EVERY_MS = 5000;

/** What goes on beside the stream: signs of life, confirmation, heartbeat, lag, and a look at the schema. */
export function startUpkeep(
  context: CaptureContext,
  session: CaptureSession,
  options: UpkeepOptions,
): Upkeep {
  const { legacy, pool, slot, logger, metrics } = context;
  const since = context.now().toISOString();
  let failure: Error | undefined;
  let stopped = false;
  let heartbeat: { readonly text: string; readonly sentAt: number } | undefined;
  let standing: LogStanding | undefined;
  let notices = options.notices;

  const fail = (error: Error): void => {
    failure ??= error;
    options.fail();
  };

  const report = (): void => {
    const progress = options.progress();
    const confirmed = options.confirmation.confirmed();
    const lagBytes = Number(max((standing?.end ?? 0n) - progress.reached, 0n));
    const lagSeconds = lagOf(progress.openSince, heartbeat, context.now());
    metrics.lag(lagBytes, lagSeconds);
    metrics.heldBack(standing?.heldBackBytes ?? 0);
    context.setState({
      status: 'streaming',
      since,
      position: formatLsn(progress.saved),
      confirmed: formatLsn(confirmed),
      lagBytes,
      lagSeconds,
      heldBackBytes: standing?.heldBackBytes ?? null,
      safeBytes: standing?.safeBytes ?? null,
      transactions: progress.transactions,
      lastCommitAt: progress.lastCommitAt,
      notices,
    });
  };

  const ownSide = async (): Promise<void> => {
    const sign = await signOfLife(pool, session.generation, 'streaming');
    if (session.isLost() || sign.fenced) fail(new Fenced());
    else if (sign.snapshotDue !== null) fail(new SnapshotDue(sign.snapshotDue));
    const { confirmation } = options;
    const newestMark = confirmation.newestMark();
    if (newestMark === null) return;
    confirmation.published((await outboxBounds(pool)).oldest, newestMark);
    options.confirm(confirmation.confirmed());
  };

  const beat = async (): Promise<void> => {
    const text = context.now().toISOString();
    // One at a time: the oldest that is still under way tells the lag.
    heartbeat ??= { text, sentAt: performance.now() };
    await writeHeartbeat(legacy, heartbeat.text);
  };

  const lookAtSchema = async (): Promise<void> => {
    const fit = schemaFit(legacyTables, await readSchema(legacy, context.publication));
    for (const notice of fit.notices)
      if (!notices.includes(notice)) logger.warn({ notice }, 'the legacy schema has grown');
    notices = fit.notices;
    const [fault] = fit.faults;
    if (fault === undefined) return;
    // Changes may have passed by the publication: what comes after the repair begins with a snapshot.
    await requireSnapshot(pool, `The schema of the legacy database had changed: ${fault.detail}`);
    fail(new CaptureStopped(fault.code, fault.detail, fault.remedy));
  };

  const everySoOften = (ms: number, work: () => Promise<void>) => {
    let next = 0;
    return async (): Promise<void> => {
      if (performance.now() < next) return;
      next = performance.now() + ms;
      await work();
    };
  };
  const steps = [
    ownSide,
    everySoOften(context.heartbeatMs, beat),
    everySoOften(STANDING_EVERY_MS, async () => {
      standing = await readLogStanding(legacy, slot);
      if (standing.slotLost) fail(new Error('the replication slot is lost'));
    }),
    everySoOften(SCHEMA_EVERY_MS, lookAtSchema),
    everySoOften(REJECTED_EVERY_MS, async () => metrics.rejected(await countRejected(pool))),
  ];

  const run = async (): Promise<void> => {
    while (!stopped) {
      for (const step of steps) {
        await step().catch((error: unknown) =>
          logger.debug({ err: error, detail: messageOf(error) }, 'upkeep of the capture failed'),
        );
      }
      if (failure === undefined) report();
      await sleep(EVERY_MS, undefined, { signal: options.signal }).catch(() => undefined);
    }
  };
  const onAbort = (): void => fail(new Error('capture is being stopped'));
  options.signal.addEventListener('abort', onAbort, { once: true });
  report();
  const running = run();

  return {
    check: () => {
      if (failure !== undefined) throw failure;
    },
    heartbeatSeen: (text) => {
      if (heartbeat?.text === text) heartbeat = undefined;
    },
    stop: async () => {
      stopped = true;
      options.signal.removeEventListener('abort', onAbort);
      // A legacy database that hangs must not hold up who stops.
      await Promise.race([running, sleep(300)]);
    },
  };
}

/** Seconds since the oldest thing happened that has not been captured. */
function lagOf(
  openSince: string | null,
  heartbeat: { readonly sentAt: number } | undefined,
  now: Date,
): number {
  const open = openSince === null ? 0 : now.getTime() - Date.parse(openSince);
  const beat = heartbeat === undefined ? 0 : performance.now() - heartbeat.sentAt;
  return Math.max(0, Math.round(Math.max(open, beat)) / 1000);
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
