import { setTimeout as sleep } from 'node:timers/promises';

import { legacyTables } from '@newscience/anti-corruption-layer/legacy-tables';
import { messageOf } from '@newscience/service-kit/error-text';
import type { Logger } from '@newscience/service-kit/logging';
import type { Metrics } from '@newscience/service-kit/metrics';
import type { Secret } from '@newscience/service-kit/secret';
import type pg from 'pg';

import { type LegacyServer, planCapture } from '../domain/capture-plan.ts';
import type { CaptureState } from '../domain/capture-state.ts';
import { schemaFit } from '../domain/schema-fit.ts';
import { readSchema, readSlot, endOtherReader } from '../legacy/legacy-database.ts';
import { connectForReplication, cutOff, identifySystem } from '../legacy/replication-connection.ts';
import {
  MIGRATOR,
  readOwner,
  readProgress,
  recordAction,
  requireSnapshot,
  signOfLife,
} from '../store/capture-progress.ts';
import {
  type CaptureSession,
  endSilentOwner,
  Fenced,
  isOwned,
  openCaptureSession,
} from '../store/capture-session.ts';
import { MirrorBroken } from '../store/mirror.ts';
import { captureMetrics } from './capture-metrics.ts';
import { CaptureStopped, type CaptureContext, SchemaMismatch, SnapshotDue } from './context.ts';
import { streamChanges } from './stream-changes.ts';
import { takeSnapshot } from './take-snapshot.ts';

/** Times in milliseconds. */
export type CaptureOptions = {
  /** This instance, for those who stand by. */
  readonly name: string;
  readonly databaseUrl: string | Secret;
  readonly legacyUrl: string | Secret;
  /** The migrator's own database. */
  readonly pool: pg.Pool;
  /** The legacy database, as the capture role. */
  readonly legacy: pg.Pool;
  readonly slot: string;
  readonly publication: string;
  readonly heartbeatMs: number;
  /** How often one that stands by looks. */
  readonly standbyMs: number;
  /** An owner that is silent for so long loses its session. */
  readonly silentMs: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
};

export type Capture = {
  readonly state: () => CaptureState;
  readonly stop: () => Promise<void>;
};

const RECHECK_MS = 2000;

/** Captures for as long as it runs, or stands by while another instance does. It never throws. */
export function startCapture(options: CaptureOptions): Capture {
  const { logger, pool, legacy } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  let state: CaptureState = { status: 'starting', detail: 'looking who captures' };
  const setState = (next: CaptureState): void => {
    state = next;
  };
  const metrics = captureMetrics(options.metrics);
  const now = () => new Date();
  const context: CaptureContext = {
    legacyUrl: options.legacyUrl,
    legacy,
    pool,
    slot: options.slot,
    publication: options.publication,
    tables: new Map(legacyTables.map((table) => [table.name, table])),
    heartbeatMs: options.heartbeatMs,
    logger,
    metrics,
    setState,
    now,
  };
  let session: CaptureSession | null = null;
  let failures = 0;
  const isStopping = (): boolean => signal.aborted;

  const pause = (ms: number): Promise<void> =>
    sleep(ms, undefined, { signal }).catch(() => undefined);

  const standBy = async (): Promise<void> => {
    const owner = await readOwner(pool);
    setState({ status: 'standby', owner });
    if (await endSilentOwner(pool, options.silentMs))
      logger.warn({ owner: owner.name }, 'the owner gave no sign of life and has lost its right');
    await pause(options.standbyMs);
  };

  const stopUntilItFits = async (held: CaptureSession, fault: CaptureStopped): Promise<void> => {
    const { code, message: detail, remedy } = fault;
    if (state.status !== 'stopped' || state.detail !== detail) {
      logger.error({ code, detail, remedy }, 'capture has stopped');
      await recordAction(pool, { action: 'stopped', actor: MIGRATOR, why: detail });
      setState({ status: 'stopped', code, detail, remedy, since: now().toISOString() });
    }
    const sign = await signOfLife(pool, held.generation, 'stopped');
    if (sign.fenced) throw new Fenced();
    await pause(RECHECK_MS);
  };

  /** One step as the owner: a snapshot, or a stream until something ends it. */
  const work = async (held: CaptureSession): Promise<void> => {
    const fit = schemaFit(legacyTables, await readSchema(legacy, options.publication));
    const [fault] = fit.faults;
    if (fault !== undefined) {
      // Changes may have passed by the publication: what comes after the repair begins with a snapshot.
      await requireSnapshot(pool, `The schema of the legacy database had changed: ${fault.detail}`);
      throw new CaptureStopped(fault.code, fault.detail, fault.remedy);
    }
    const remembered = await readProgress(pool);
    const server = await readServer(context);
    const plan = planCapture(remembered, server);
    switch (plan.kind) {
      case 'refuse':
        throw new CaptureStopped('slot_taken', plan.detail, plan.remedy);
      case 'snapshot':
        return takeSnapshot(context, held, plan.why, signal);
      case 'stream': {
        await endOtherReader(legacy, options.slot);
        const { epoch } = remembered;
        if (epoch === null) throw new SnapshotDue('There is no mirror.');
        const { systemId } = server;
        const { notices } = fit;
        await streamChanges(
          context,
          held,
          { epoch, position: plan.from, systemId, notices },
          signal,
        );
      }
    }
  };

  const afterFailure = async (held: CaptureSession, error: unknown): Promise<void> => {
    if (signal.aborted) return;
    if (error instanceof CaptureStopped) return stopUntilItFits(held, error);
    if (error instanceof SnapshotDue) return;
    if (error instanceof SchemaMismatch || error instanceof MirrorBroken) {
      // The next look at the schema says whether it fits by now. What was in between can only be had by a snapshot.
      await requireSnapshot(pool, error.message);
      logger.warn({ detail: error.message }, 'the stream cannot be followed any further');
      return;
    }
    if (error instanceof Fenced || held.isLost()) throw error;
    failures += 1;
    const detail = messageOf(error);
    logger[failures === 1 ? 'warn' : 'debug']({ err: error, failures }, 'capture was interrupted');
    setState({ status: 'starting', detail: `trying again after: ${detail}` });
    const sign = await signOfLife(pool, held.generation, 'trying again');
    if (sign.fenced) throw new Fenced();
    await pause(Math.min(5000, 100 * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2));
  };

  const own = async (held: CaptureSession): Promise<void> => {
    metrics.owns(true);
    logger.info({ generation: held.generation }, 'this instance captures');
    const alive = startSignsOfLife(pool, held, () => state.status);
    try {
      while (!signal.aborted) {
        const began = performance.now();
        try {
          await work(held);
        } catch (error) {
          if (performance.now() - began > 30_000) failures = 0;
          await afterFailure(held, error);
        }
      }
    } finally {
      alive.stop();
      held.close();
      metrics.owns(false);
    }
  };

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        session = (await isOwned(pool))
          ? null
          : await openCaptureSession(options.databaseUrl, options.name);
        if (session === null) await standBy();
        else await own(session);
      } catch (error) {
        if (error instanceof Fenced) logger.warn('another instance captures by now');
        else if (isStopping()) return;
        else logger.warn({ err: error }, 'the migrator lost its database');
        setState({ status: 'starting', detail: `trying again after: ${messageOf(error)}` });
        await pause(500);
      }
    }
  };
  const running = run();

  return {
    state: () => state,
    stop: async () => {
      stopping.abort();
      await Promise.race([running, sleep(1000)]);
      session?.close();
    },
  };
}

/** Also while a long transaction is captured, or a slot waited for. */
function startSignsOfLife(
  pool: pg.Pool,
  session: CaptureSession,
  doing: () => string,
): { readonly stop: () => void } {
  const timer = setInterval(() => {
    signOfLife(pool, session.generation, doing()).catch(() => undefined);
  }, 1000);
  return { stop: () => clearInterval(timer) };
}

async function readServer({ legacyUrl, legacy, slot }: CaptureContext): Promise<LegacyServer> {
  const replication = await connectForReplication(legacyUrl, 'migrator-capture');
  try {
    const { systemId, end, database } = await identifySystem(replication);
    return { systemId, end, database, slot: await readSlot(legacy, slot) };
  } finally {
    cutOff(replication);
  }
}
