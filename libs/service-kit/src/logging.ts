import { pino } from 'pino';
import type { Bindings, ChildLoggerOptions, DestinationStream, Logger } from 'pino';

import { maskText, redact } from './redaction.ts';
import { currentTrace } from './tracing.ts';

export type { Logger } from 'pino';

/** From the most to the least talkative. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/**
 * A logger that writes one JSON object a line to standard output (or `destination`). Fields with secret names
 * (password, token, authorization, cookie …) at any level read `[hidden]`, and so do passwords inside URLs.
 * Within a request each line carries its `requestId` and `traceId`.
 */
export function createLogger(options: {
  service: string;
  level?: LogLevel;
  destination?: DestinationStream;
}): Logger {
  const settings = {
    level: options.level ?? 'info',
    base: { service: options.service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: redactFields,
    },
    // Errors are serialised by the redaction; pino's own serializer would undo it.
    serializers: { err: (error: unknown) => error },
    // Messages are not fields: the whole line is masked once more.
    hooks: { streamWrite: maskText },
    mixin: traceFields,
  };
  return redactChildren(
    options.destination === undefined ? pino(settings) : pino(settings, options.destination),
  );
}

/** pino formats the fields of a message, but not those that a child logger is made with. */
function redactChildren(logger: Logger): Logger {
  const child = logger.child.bind(logger);
  return Object.assign(logger, {
    child: (bindings: Bindings, options?: ChildLoggerOptions): Logger =>
      redactChildren(child(redactFields(bindings), options)),
  });
}

function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  const redacted = redact(fields);
  return isFields(redacted) ? redacted : {};
}

const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

function traceFields(): Record<string, string> {
  const trace = currentTrace();
  if (trace === undefined) return {};
  return trace.requestId === undefined
    ? { traceId: trace.traceId }
    : { requestId: trace.requestId, traceId: trace.traceId };
}
