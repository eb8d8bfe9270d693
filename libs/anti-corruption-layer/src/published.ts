/**
 * What of an aggregate was told last. Kept by whoever publishes, handed to `decide`, and exchanged for what `decide`
 * gives back.
 */
export type Published = {
  /** In the words of the aggregate: `published`, `hidden`, `removed` … */
  readonly status: string;
  /** Revision of the last event. */
  readonly revision: number;
  /** By how much that is ahead of the legacy row's own revision. */
  readonly ahead: number;
  /** Of the content that was told last; equal fingerprints are equal content. */
  readonly fingerprint: string;
  /** The content that was told last, for as long as a later event may need it. */
  readonly data: unknown;
};

/** An event before it has an envelope. */
export type Decided = {
  readonly type: string;
  /** Unique within the source, and the same whenever the same change is looked at again. */
  readonly id: string;
  readonly subject: string;
  readonly time: string;
  readonly data: unknown;
};

export type Decision = {
  readonly events: readonly Decided[];
  /** What is published now; null where nothing needs to be remembered any longer. */
  readonly published: Published | null;
};
