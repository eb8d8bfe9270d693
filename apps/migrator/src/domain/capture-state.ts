/** What one instance is doing. */
export type CaptureState =
  | { readonly status: 'starting'; readonly detail: string }
  | { readonly status: 'standby'; readonly owner: Owner }
  | {
      readonly status: 'snapshot';
      readonly why: string;
      readonly since: string;
      readonly step: 'waiting_for_slot' | 'reading' | 'comparing';
      readonly tables: readonly TableState[];
      /** Aggregates compared so far with what was told before. */
      readonly compared: number;
    }
  | ({ readonly status: 'streaming'; readonly since: string } & Streaming)
  | {
      readonly status: 'stopped';
      readonly code: string;
      readonly detail: string;
      readonly remedy: string;
      readonly since: string;
    };

export type Owner = {
  readonly name: string | null;
  readonly doing: string | null;
  readonly seenAt: string | null;
};

export type TableState = {
  readonly table: string;
  readonly status: 'waiting' | 'reading' | 'read';
  readonly rows: number;
};

export type Streaming = {
  /** Captured: in the outbox or published. */
  readonly position: string;
  /** Published: PostgreSQL was told that it may forget what is before. */
  readonly confirmed: string;
  readonly lagBytes: number;
  /** Age of what is being captured now; 0 where nothing is waiting. */
  readonly lagSeconds: number;
  /** Log that the legacy database keeps for us, and how much more it will keep. */
  readonly heldBackBytes: number | null;
  readonly safeBytes: number | null;
  readonly transactions: number;
  readonly lastCommitAt: string | null;
  readonly notices: readonly string[];
};
