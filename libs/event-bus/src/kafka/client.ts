import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';

import type { Logger } from '@newscience/service-kit/logging';
import kafkajs, { type Kafka, type KafkaConfig, type LogEntry, type SASLOptions } from 'kafkajs';

import { readKafkaUrl, type Sasl, type TlsFiles } from './address.ts';

/** A client that rides out a broker that restarts or whose coordinator is still loading. */
export function createClient(url: string, name: string, logger: Logger): Kafka {
  return new kafkajs.Kafka(clientOptions(url, name, logger));
}

/**
 * What the client is told. Certificates are read here, once.
 *
 * @throws TypeError for a URL that is none of a Kafka bus, Error where a file of certificates cannot be read
 */
export function clientOptions(url: string, name: string, logger: Logger): KafkaConfig {
  const { brokers, tls, sasl } = readKafkaUrl(url);
  return {
    clientId: name,
    brokers,
    ...(tls === undefined ? {} : { ssl: tlsOptions(tls) }),
    ...(sasl === undefined ? {} : { sasl: saslOptions(sasl) }),
    connectionTimeout: 3000,
    requestTimeout: 15_000,
    // About 20 s in all: longer is for the callers to decide.
    retry: { initialRetryTime: 100, maxRetryTime: 4000, retries: 9 },
    logLevel: kafkajs.logLevel.WARN,
    logCreator: () => (entry) => log(logger, entry),
  };
}

function tlsOptions({ ca, cert, key }: TlsFiles): ConnectionOptions {
  return {
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca: readPem('ca', ca) }),
    ...(cert === undefined ? {} : { cert: readPem('cert', cert) }),
    ...(key === undefined ? {} : { key: readPem('key', key) }),
  };
}

function readPem(parameter: string, file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const detail = `The file of "${parameter}" in the URL of the Kafka bus cannot be read: ${file}`;
    throw new Error(detail, { cause: error });
  }
  if (text.includes('-----BEGIN ')) return text;
  throw new Error(`The file of "${parameter}" in the URL of the Kafka bus is not PEM: ${file}`);
}

/** The client knows each mechanism by a type of its own. */
function saslOptions({ mechanism, ...credentials }: Sasl): SASLOptions {
  switch (mechanism) {
    case 'plain':
      return { mechanism, ...credentials };
    case 'scram-sha-256':
      return { mechanism, ...credentials };
    case 'scram-sha-512':
      return { mechanism, ...credentials };
  }
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
