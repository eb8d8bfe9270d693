import { formatLsn, type Lsn } from './lsn.ts';

/** What was remembered of the capture so far. */
export type Remembered = {
  readonly position: Lsn | null;
  readonly systemId: string | null;
  readonly snapshotDue: string | null;
};

export type Slot = {
  readonly database: string;
  readonly plugin: string;
  /** PostgreSQL has removed log that the slot needed. */
  readonly lost: boolean;
  readonly confirmed: Lsn | null;
};

/** What the legacy server says now. */
export type LegacyServer = {
  readonly systemId: string;
  readonly database: string;
  readonly end: Lsn;
  readonly slot: Slot | null;
};

export type Plan =
  | { readonly kind: 'stream'; readonly from: Lsn }
  | { readonly kind: 'snapshot'; readonly why: string }
  | { readonly kind: 'refuse'; readonly detail: string; readonly remedy: string };

/** What is to be done so that no change is missed. In doubt: a fresh snapshot. */
export function planCapture(remembered: Remembered, legacy: LegacyServer): Plan {
  const { slot } = legacy;
  if (slot !== null && (slot.database !== legacy.database || slot.plugin !== 'pgoutput'))
    return {
      kind: 'refuse',
      detail: `The replication slot belongs to the database "${slot.database}" (${slot.plugin}).`,
      remedy: 'Set CAPTURE_SLOT to a name of its own.',
    };
  const { position } = remembered;
  if (position === null) return snapshot('Nothing has been captured yet.');
  if (remembered.snapshotDue !== null) return snapshot(remembered.snapshotDue);
  if (remembered.systemId !== legacy.systemId)
    return snapshot('The legacy database is another server than the one captured before.');
  if (slot === null)
    return snapshot('The replication slot was dropped: changes since then may have been missed.');
  if (slot.lost)
    return snapshot(
      'The replication slot was lost: it held back more log than max_slot_wal_keep_size allows.',
    );
  if (legacy.end < position)
    return snapshot('The legacy database was set back to a time before what was captured.');
  if (slot.confirmed !== null && slot.confirmed > position)
    return snapshot(
      `The replication slot stands at ${formatLsn(slot.confirmed)}, past what was captured.`,
    );
  return { kind: 'stream', from: position };
}

const snapshot = (why: string): Plan => ({ kind: 'snapshot', why });
