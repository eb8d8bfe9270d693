import type { Logger } from '@newscience/service-kit/logging';
import type { Metrics } from '@newscience/service-kit/metrics';
import { reveal, type Secret } from '@newscience/service-kit/secret';

import type { EventBus } from './bus.ts';
import { KAFKA_URL_FORM, KafkaUrlError, readKafkaUrl } from './kafka/address.ts';
import { observed } from './observed-bus.ts';

export type ConnectOptions = {
  /** `postgres://…` or `kafka://host:port,host:port`: the scheme picks the adapter. */
  readonly url: string | Secret;
  /** Of the service: seen in the engine's own lists of clients. */
  readonly name: string;
  readonly logger: Logger;
  /** Gets the `event_bus_` metrics; one bus a registry. Default none. */
  readonly metrics?: Metrics;
  /** To PostgreSQL, at most; one for notifications not counted. Default 4. Kafka needs no such thing. */
  readonly connections?: number;
};

/**
 * The event bus that the URL names. Only its adapter is loaded.
 * @throws TypeError for a scheme that no adapter takes
 */
export async function connectBus(options: ConnectOptions): Promise<EventBus> {
  const bus = await adapterFor(options);
  return options.metrics === undefined ? bus : observed(bus, options.metrics);
}

/**
 * What is wrong with the form of a bus's URL and how to write it, for a service that checks its settings before it
 * starts; undefined where nothing is.
 */
export function busUrlFault(
  url: string | Secret,
): { readonly problem: string; readonly remedy: string } | undefined {
  const text = reveal(url);
  if (!/^kafka:/i.test(text)) return undefined;
  try {
    readKafkaUrl(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof KafkaUrlError)) throw error;
    return { problem: error.problem, remedy: `Write ${KAFKA_URL_FORM}.` };
  }
}

async function adapterFor(options: ConnectOptions): Promise<EventBus> {
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(reveal(options.url))?.[0].toLowerCase() ?? '';
  switch (scheme) {
    case 'postgres':
    case 'postgresql': {
      const { createPostgresBus } = await import('./postgres/postgres-bus.ts');
      return createPostgresBus(options);
    }
    case 'kafka': {
      const { createKafkaBus } = await import('./kafka/kafka-bus.ts');
      return createKafkaBus(options);
    }
    default:
      throw new TypeError(
        `No event bus is known for "${scheme}:": EVENT_BUS_URL begins with postgres:// or kafka://.`,
      );
  }
}
