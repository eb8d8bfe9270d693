import type { LegacyTable } from '@newscience/anti-corruption-layer/legacy-tables';
import type { Logger } from '@newscience/service-kit/logging';
import type { Secret } from '@newscience/service-kit/secret';
import type pg from 'pg';

import type { CaptureState } from '../domain/capture-state.ts';
import type { CaptureMetrics } from './capture-metrics.ts';

/** What every step of capture needs. */
export type CaptureContext = {
  readonly legacyUrl: string | Secret;
  /** Short statements on the legacy database, as the capture role. */
  readonly legacy: pg.Pool;
  /** The migrator's own database; what capture writes goes through its session instead. */
  readonly pool: pg.Pool;
  readonly slot: string;
  readonly publication: string;
  readonly tables: ReadonlyMap<string, LegacyTable>;
  readonly heartbeatMs: number;
  readonly logger: Logger;
  readonly metrics: CaptureMetrics;
  readonly setState: (state: CaptureState) => void;
  readonly now: () => Date;
};

/** Capture cannot go on until somebody does something. */
export class CaptureStopped extends Error {
  readonly code: string;
  readonly remedy: string;

  constructor(code: string, detail: string, remedy: string) {
    super(detail);
    this.name = 'CaptureStopped';
    this.code = code;
    this.remedy = remedy;
  }
}

/** Going on would miss something: a fresh snapshot is due. */
export class SnapshotDue extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'SnapshotDue';
  }
}

/** At a place in the stream a table is not as expected. */
export class SchemaMismatch extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = 'SchemaMismatch';
  }
}
