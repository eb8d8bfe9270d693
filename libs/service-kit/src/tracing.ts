import { AsyncLocalStorage } from 'node:async_hooks';
import { randomFillSync } from 'node:crypto';

import type { Exporter, RecordedSpan, SpanEnd, TraceContext } from './span.ts';

export type { SpanEnd, TraceContext } from './span.ts';

const storage = new AsyncLocalStorage<TraceContext>();
const traceparent = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;
const zeros = /^0+$/;

let exporter: Exporter | undefined;

/** Random bytes are cheap by the thousand and dear by the dozen; each request needs some. */
const pool = Buffer.alloc(4096);
let used = pool.length;

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}

/**
 * Starts the export of spans to an OTLP/HTTP endpoint (its base URL, `/v1/traces` is appended). Without an
 * endpoint nothing of OpenTelemetry is even loaded: trace context is still made and passed on.
 * `stop` sends what is left, for at most two seconds.
 */
export async function startTracing(options: {
  service: string;
  endpoint?: string | undefined;
  onFailure?: (error: Error) => void;
}): Promise<{ stop: () => Promise<void> }> {
  if (options.endpoint === undefined) return { stop: () => Promise.resolve() };
  const { createExporter } = await import('./span-export.ts');
  const started = createExporter({ ...options, endpoint: options.endpoint });
  exporter = started;
  return {
    stop: async () => {
      if (exporter === started) exporter = undefined;
      await started.stop();
    },
  };
}

/** The trace context of the work that is going on, if any. */
export const currentTrace = (): TraceContext | undefined => storage.getStore();

/** The `traceparent` header to send along, or `undefined` outside of any trace. */
export function currentTraceparent(): string | undefined {
  const context = storage.getStore();
  return context === undefined ? undefined : formatTraceparent(context);
}

/** The headers to send along with a call to another service: `traceparent` and, where there is one, `tracestate`. */
export function traceHeaders(): Record<string, string> {
  const context = storage.getStore();
  if (context === undefined) return {};
  const headers: Record<string, string> = { traceparent: formatTraceparent(context) };
  if (context.tracestate !== undefined) headers['tracestate'] = context.tracestate;
  return headers;
}

/** A context as a `traceparent` header. */
export const formatTraceparent = ({ traceId, spanId, flags }: TraceContext): string =>
  `00-${traceId}-${spanId}-${flags}`;

/** A `traceparent` header as context, or `undefined` when it is missing or not well-formed. */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  const match = header === undefined ? null : traceparent.exec(header);
  const [, traceId, spanId, flags] = match ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return zeros.test(traceId) || zeros.test(spanId) ? undefined : { traceId, spanId, flags };
}

/**
 * Starts the work for one incoming request or event, as a child of the caller's trace or as a new one.
 * Run the work with `run`, so that all it does belongs to the trace; call `end` once.
 */
export function beginTrace(incoming: {
  traceparent?: string | undefined;
  tracestate?: string | undefined;
  requestId?: string | undefined;
  name: string;
}): { context: TraceContext; run: <T>(work: () => T) => T; end: (end?: SpanEnd) => void } {
  const parent = parseTraceparent(incoming.traceparent);
  const span = exporter?.start(incoming.name, parent, 'server');
  const ids = span?.ids ?? {
    traceId: parent?.traceId ?? randomHex(16),
    spanId: randomHex(8),
    flags: parent?.flags ?? '01',
  };
  const context: TraceContext = {
    ...ids,
    tracestate: parent === undefined ? undefined : incoming.tracestate,
    requestId: incoming.requestId,
  };
  return { context, run: (work) => storage.run(context, work), end: (end) => span?.end(end) };
}

/**
 * Runs `fn` as a named step of the current trace. Without an exporter it only calls `fn`. An error ends the
 * span as failed and is thrown on.
 */
export async function withSpan<T>(
  name: string,
  fn: () => Promise<T>,
  attributes?: Record<string, string | number | boolean>,
): Promise<T> {
  if (exporter === undefined) return fn();
  const parent = storage.getStore();
  const span: RecordedSpan = exporter.start(name, parent, 'internal');
  const end: SpanEnd = attributes === undefined ? {} : { attributes };
  try {
    const result = await storage.run({ ...parent, ...span.ids }, fn);
    span.end(end);
    return result;
  } catch (error) {
    span.end({ ...end, error });
    throw error;
  }
}
