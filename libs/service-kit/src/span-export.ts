/** The only file that loads OpenTelemetry; `tracing.ts` imports it when an endpoint is set, and not before. */
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

import type { SpanEnd, TraceContext } from './tracing.ts';

type Ids = Pick<TraceContext, 'traceId' | 'spanId' | 'flags'>;

/** A span that is being recorded. */
export type RecordedSpan = { ids: Ids; end: (end?: SpanEnd) => void };

/** Records spans and sends them off in batches. */
export type Exporter = {
  start: (name: string, parent: Ids | undefined, kind: 'server' | 'internal') => RecordedSpan;
  stop: () => Promise<void>;
};

/** Exports to `<endpoint>/v1/traces`, once a second. A failure is told once, until the next success. */
export function createExporter(options: {
  service: string;
  endpoint: string;
  onFailure?: (error: Error) => void;
}): Exporter {
  const otlp = new OTLPTraceExporter({
    url: `${options.endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: 2000,
  });
  let failing = false;
  const processor = new BatchSpanProcessor(
    {
      export: (spans, done) => {
        otlp.export(spans, (result) => {
          if (result.error !== undefined && !failing) options.onFailure?.(result.error);
          failing = result.error !== undefined;
          done(result);
        });
      },
      shutdown: () => otlp.shutdown(),
    },
    { scheduledDelayMillis: 1000, exportTimeoutMillis: 2000 },
  );
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': options.service }),
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer('@newscience/service-kit');

  return {
    start(name, parent, kind) {
      const context =
        parent === undefined
          ? ROOT_CONTEXT
          : trace.setSpanContext(ROOT_CONTEXT, {
              traceId: parent.traceId,
              spanId: parent.spanId,
              traceFlags: Number.parseInt(parent.flags, 16),
              isRemote: kind === 'server',
            });
      const span = tracer.startSpan(
        name,
        { kind: kind === 'server' ? SpanKind.SERVER : SpanKind.INTERNAL },
        context,
      );
      const { traceId, spanId, traceFlags } = span.spanContext();
      return {
        ids: { traceId, spanId, flags: traceFlags.toString(16).padStart(2, '0') },
        end(end = {}) {
          if (end.name !== undefined) span.updateName(end.name);
          if (end.attributes !== undefined) span.setAttributes(end.attributes);
          if (end.error !== undefined) {
            span.setStatus({ code: SpanStatusCode.ERROR });
            if (end.error instanceof Error) span.recordException(end.error);
          }
          span.end();
        },
      };
    },
    async stop() {
      const deadline = new Promise<void>((resolve) => {
        setTimeout(resolve, 2000).unref();
      });
      await Promise.race([provider.shutdown().catch(() => undefined), deadline]);
    },
  };
}
