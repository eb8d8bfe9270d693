/** Something that happened, as operators see it. */
export type Activity = {
  /** Grows, without gaps, in the order in which activities become visible. */
  readonly id: number;
  readonly eventId: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  /** When it happened. */
  readonly time: string;
  /** When it came in here. */
  readonly receivedAt: string;
  readonly traceId: string | null;
  /** One English sentence. */
  readonly summary: string;
  /** Of the event; an article's `body` is replaced by `bodyBytes`. */
  readonly data: Readonly<Record<string, unknown>>;
  /** When its personal data was erased; null where there was none or it is still there. */
  readonly erasedAt: string | null;
};

/** What to look for; all that is given has to fit. */
export type ActivityFilter = {
  /** Whole type, or a pattern in which `*` stands for anything. */
  readonly type?: string | undefined;
  readonly context?: string | undefined;
  readonly subject?: string | undefined;
  readonly trace?: string | undefined;
  /** Earliest time, included. */
  readonly from?: string | undefined;
  /** Latest time, not included. */
  readonly to?: string | undefined;
};

export type Counter = { readonly type: string; readonly count: number; readonly lastAt: string };

/** A counter beside the rows that it should have counted. */
export type CheckedCounter = Counter & { readonly stored: number };

/** All about one trace or one aggregate. */
export type Correlation = {
  readonly count: number;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly types: readonly { readonly type: string; readonly count: number }[];
  /** Oldest first. */
  readonly items: readonly Activity[];
};

/** Activities that belong together. */
export type Common = { readonly trace: string } | { readonly aggregate: string };

/** The timeline as it is read. Every operation rejects while the database is away. */
export type Timeline = {
  /** The last id; 0 before the first activity. */
  readonly head: () => Promise<number>;
  /** Newest first, below the id `before`. */
  readonly list: (
    filter: ActivityFilter,
    page: { readonly before?: number | undefined; readonly limit: number },
  ) => Promise<Activity[]>;
  /** Oldest first, above the id `after`, up to the id `upTo`. */
  readonly follow: (
    filter: ActivityFilter,
    span: { readonly after: number; readonly upTo: number; readonly limit: number },
  ) => Promise<Activity[]>;
  /** Undefined where nothing is known. Items above the id `after`. */
  readonly correlate: (
    common: Common,
    page: { readonly after: number; readonly limit: number },
  ) => Promise<Correlation | undefined>;
  readonly counters: () => Promise<Counter[]>;
  /** Counts the rows. Counters and rows are of the same moment. */
  readonly checkCounters: () => Promise<CheckedCounter[]>;
};
