import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { eventually } from '@newscience/testing/eventually';
import { freePort } from '@newscience/testing/free-port';
import { dockerMissing, kafkaImage } from '@newscience/testing/kafka-engine';

const run = promisify(execFile);

export type SecuredBroker = {
  readonly address: string;
  /** PEM file of the authority that signed its certificate. */
  readonly ca: string;
  readonly remove: () => Promise<void>;
};

export const user = { name: 'newscience', password: 'right word' };

/** Why no broker with TLS can be started here, or undefined. */
export async function securedBrokerMissing(): Promise<string | undefined> {
  const openssl = await run('openssl', ['version']).catch(() => undefined);
  return openssl === undefined ? 'there is no openssl' : dockerMissing();
}

/** A Kafka node that lets in only who comes over TLS with a password: SASL PLAIN and SCRAM-SHA-512. */
export async function startSecuredBroker(): Promise<SecuredBroker> {
  const folder = await mkdtemp(join(tmpdir(), 'newscience-kafka-tls-'));
  const ca = await makeCertificate(folder);
  const port = await freePort();
  const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
  const settings = {
    NODE_ID: '1',
    PROCESS_ROLES: 'broker,controller',
    LISTENERS: `OUTSIDE://:${port},INSIDE://:9094,CONTROLLER://:9093`,
    ADVERTISED_LISTENERS: `OUTSIDE://127.0.0.1:${port},INSIDE://localhost:9094`,
    INTER_BROKER_LISTENER_NAME: 'INSIDE',
    CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,INSIDE:PLAINTEXT,OUTSIDE:SASL_SSL',
    CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
    OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
    TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
    TRANSACTION_STATE_LOG_MIN_ISR: '1',
    SSL_KEYSTORE_TYPE: 'PEM',
    SSL_KEYSTORE_LOCATION: '/tls/broker.pem',
    SASL_ENABLED_MECHANISMS: 'PLAIN,SCRAM-SHA-512',
    LISTENER_NAME_OUTSIDE_PLAIN_SASL_JAAS_CONFIG: `${plain} user_${user.name}="${user.password}";`,
    'LISTENER_NAME_OUTSIDE_SCRAM-SHA-512_SASL_JAAS_CONFIG':
      'org.apache.kafka.common.security.scram.ScramLoginModule required;',
  };
  const { stdout } = await run('docker', [
    ...['run', '--detach', '--memory', '1g', '--label', 'newscience.test=event-bus-tls'],
    // If this process is killed, the testing kit removes it.
    ...['--label', `newscience.test.pid=${process.pid}`],
    ...['--publish', `127.0.0.1:${port}:${port}`, '--volume', `${folder}:/tls:ro`],
    ...Object.entries(settings).flatMap(([name, value]) => ['--env', `KAFKA_${name}=${value}`]),
    kafkaImage,
  ]);
  const id = stdout.trim();
  const remove = async (): Promise<void> => {
    await run('docker', ['rm', '--force', '--volumes', id]);
    await rm(folder, { recursive: true });
  };
  try {
    await eventually(() => addScramUser(id), { withinMs: 90_000, everyMs: 1000 });
  } catch (error) {
    const { stdout: log } = await run('docker', ['logs', '--tail', '30', id]);
    await remove();
    throw new Error(`the broker did not start: ${log}`, { cause: error });
  }
  return { address: `127.0.0.1:${port}`, ca, remove };
}

async function addScramUser(id: string): Promise<void> {
  await run('docker', [
    ...['exec', id, '/opt/kafka/bin/kafka-configs.sh', '--bootstrap-server', 'localhost:9094'],
    ...['--alter', '--entity-type', 'users', '--entity-name', user.name],
    ...['--add-config', `SCRAM-SHA-512=[password=${user.password}]`],
  ]);
}

/** A certificate for 127.0.0.1 that signs itself, good for a day. */
async function makeCertificate(folder: string): Promise<string> {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'ca.pem')];
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=broker'],
    ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate],
  ]);
  const both = (await readFile(key, 'utf8')) + (await readFile(certificate, 'utf8'));
  await writeFile(join(folder, 'broker.pem'), both);
  // The broker runs as somebody else.
  await chmod(folder, 0o755);
  await chmod(join(folder, 'broker.pem'), 0o644);
  return certificate;
}
