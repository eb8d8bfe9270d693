import type { Logger } from '@newscience/service-kit/logging';
import kafkajs, { type Kafka, type LogEntry } from 'kafkajs';

/**
 * `kafka://host:port,host:port`
 * @throws TypeError for anything else
 */
export function brokersOf(url: string): string[] {
  const [, list] = /^kafka:\/\/([^/?#@]+)\/?$/.exec(url) ?? [];
  const brokers = list?.split(',') ?? [];
  if (
    brokers.length === 0 ||
    !brokers.every((one) => /^(?:[\w.-]+|\[[\da-f:]+\]):\d{1,5}$/i.test(one))
  )
    throw new TypeError('A Kafka bus is named as kafka://host:port, several brokers with commas.');
  return brokers;
}

/** A client that rides out a broker that restarts or whose coordinator is still loading. */
export function createClient(url: string, name: string, logger: Logger): Kafka {
  return new kafkajs.Kafka({
    clientId: name,
    brokers: brokersOf(url),
    connectionTimeout: 3000,
    requestTimeout: 15_000,
    // About 20 s in all: longer is for the callers to decide.
    retry: { initialRetryTime: 100, maxRetryTime: 4000, retries: 9 },
    logLevel: kafkajs.logLevel.WARN,
    logCreator: () => (entry) => log(logger, entry),
  });
}

/** Consumers give up sooner, and are started again. */
export const CONSUMER_RETRY = { initialRetryTime: 100, maxRetryTime: 2000, retries: 5 };

/** What the client calls an error is mostly the beginning of a retry. */
function log(logger: Logger, { namespace, level, log: { message, ...rest } }: LogEntry): void {
  const detail: Record<string, unknown> = { client: namespace };
  for (const name of ['groupId', 'error']) detail[name] = rest[name];
  if (level === kafkajs.logLevel.ERROR) logger.warn(detail, message);
  else logger.debug(detail, message);
}
