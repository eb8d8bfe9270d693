import { describeFaults } from './config.ts';
import type { ConfigFault } from './config.ts';
import { createHealth } from './health.ts';
import type { Health } from './health.ts';
import { firstPort } from './http-server.ts';
import { createLogger } from './logging.ts';
import type { Logger, LogLevel } from './logging.ts';
import { createMetrics } from './metrics.ts';
import type { Metrics } from './metrics.ts';
import type { Result } from './result.ts';
import { createShutdown } from './shutdown.ts';
import type { Shutdown } from './shutdown.ts';
import { startTracing } from './tracing.ts';

/** What `start` gets to build the service with. */
export type ServiceContext<C> = {
  readonly config: C;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly shutdown: Shutdown;
};

/** The settings that the kit itself looks at, where the service has them. */
type KitSettings = {
  readonly LOG_LEVEL?: LogLevel;
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
};

/** sysexits.h: something is wrong with the configuration. */
const configurationError = 78;

/**
 * Runs a service from start to end. Wrong settings are all printed, exit code 78. When `start` has resolved
 * the parent process is told `{ type: 'ready', port }`. On a signal, or when the parent is gone, what was
 * added to `shutdown` is closed in reverse order. An error that nobody handles is logged, exit code 1.
 */
export async function runService<C extends object>(service: {
  name: string;
  readConfig: (env: NodeJS.ProcessEnv) => Result<C & KitSettings, ConfigFault[]>;
  start: (context: ServiceContext<C>) => Promise<unknown>;
  /** For the whole shutdown. Default 8000. */
  shutdownDeadlineMs?: number;
}): Promise<void> {
  const { name } = service;
  const read = service.readConfig(process.env);
  if (!read.ok) {
    process.stderr.write(`${name} cannot start: ${describeFaults(read.error)}\n`);
    process.exit(configurationError);
  }
  const config = read.value;
  const logger = createLogger({ service: name, level: config.LOG_LEVEL ?? 'info' });
  endOnUnhandled(logger);
  const shutdown = createShutdown({ logger, deadlineMs: service.shutdownDeadlineMs ?? 8000 });
  const health = createHealth();
  shutdown.onBegin(() => health.drain('shutting down'));
  try {
    const tracing = await startTracing({
      service: name,
      endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
      onFailure: (error) => logger.warn({ err: error }, 'traces cannot be exported'),
    });
    shutdown.add('tracing', tracing.stop);
    await service.start({ config, logger, metrics: createMetrics(name), health, shutdown });
  } catch (error) {
    logger.fatal({ err: error }, 'could not start');
    await shutdown.trigger('could not start', 1);
    return;
  }
  tellParent({ type: 'ready', port: firstPort() });
}

function tellParent(message: { type: 'ready'; port: number | undefined }): void {
  // A parent that is gone by now is noticed by the shutdown; here it must not become an error.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

function endOnUnhandled(logger: Logger): void {
  const end = (error: unknown): void => {
    logger.fatal({ err: error }, 'unhandled error');
    process.exit(1);
  };
  process.on('unhandledRejection', end);
  process.on('uncaughtException', end);
}
