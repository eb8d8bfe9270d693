/** The only file that loads OpenTelemetry; `tracing.ts` imports it when an endpoint is set, and not before. */
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { SpanExporter } from '@opentelemetry/sdk-trace';

import { isError } from './error-text.ts';
import type { Exporter, Ids } from './span.ts';

type ExportOptions = { service: string; endpoint: string; onFailure?: (error: Error) => void };

const scheduledDelayMillis = 1000;
const timeoutMillis = 2000;

/** Exports to `<endpoint>/v1/traces` once a second. A failure is told once, until the next success. */
export function createExporter(options: ExportOptions): Exporter {
  const processor = new BatchSpanProcessor({
    exporter: tellingExporter(options),
    scheduledDelayMillis,
    exportTimeoutMillis: timeoutMillis,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': options.service }),
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer('@newscience/service-kit');

  return {
    start(name, parent, kind) {
      const spanKind = kind === 'server' ? SpanKind.SERVER : SpanKind.INTERNAL;
      const span = tracer.startSpan(name, { kind: spanKind }, contextOf(parent, kind === 'server'));
      const { traceId, spanId, traceFlags } = span.spanContext();
      return {
        ids: { traceId, spanId, flags: traceFlags.toString(16).padStart(2, '0') },
        end(end = {}) {
          if (end.name !== undefined) span.updateName(end.name);
          if (end.attributes !== undefined) span.setAttributes(end.attributes);
          if (end.error !== undefined) {
            span.setStatus({ code: SpanStatusCode.ERROR });
            if (isError(end.error)) span.recordException(end.error);
          }
          span.end();
        },
      };
    },
    async stop() {
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeoutMillis);
      });
      await Promise.race([provider.shutdown().catch(() => undefined), deadline]);
      clearTimeout(timer);
    },
  };
}

function contextOf(parent: Ids | undefined, isRemote: boolean): Context {
  if (parent === undefined) return ROOT_CONTEXT;
  const { traceId, spanId, flags } = parent;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote,
  });
}

function tellingExporter({ endpoint, onFailure }: ExportOptions): SpanExporter {
  const otlp = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis,
  });
  let failing = false;
  return {
    export(spans, done) {
      otlp.export(spans, (result) => {
        const failed = result.code === ExportResultCode.FAILED;
        if (failed && !failing)
          onFailure?.(result.error ?? new Error('The collector refused the spans.'));
        failing = failed;
        done(result);
      });
    },
    shutdown: () => otlp.shutdown(),
  };
}
