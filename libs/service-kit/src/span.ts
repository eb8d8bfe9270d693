/** Where a piece of work belongs. Ids are W3C trace context: 32 and 16 lower-case hexadecimal digits. */
export type TraceContext = {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: string;
  readonly tracestate?: string | undefined;
  readonly requestId?: string | undefined;
};

/** What a span was found to be about when it ended. */
export type SpanEnd = {
  name?: string;
  attributes?: Record<string, string | number | boolean>;
  error?: unknown;
};

export type Ids = Pick<TraceContext, 'traceId' | 'spanId' | 'flags'>;

/** A span that is being recorded. */
export type RecordedSpan = { ids: Ids; end: (end?: SpanEnd) => void };

/** Records spans and sends them off in batches. */
export type Exporter = {
  start: (name: string, parent: Ids | undefined, kind: 'server' | 'internal') => RecordedSpan;
  stop: () => Promise<void>;
};
