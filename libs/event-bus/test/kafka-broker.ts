import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { promisify } from 'node:util';

import { eventually } from '@newscience/testing/eventually';
import { freePort } from '@newscience/testing/free-port';

const run = promisify(execFile);
const docker = (...args: string[]) => run('docker', args, { timeout: 60_000 });

const IMAGE = 'apache/kafka:4.3.1';

/** Whether a Docker engine answers here. */
export const hasDocker = (): Promise<boolean> =>
  docker('info').then(
    () => true,
    () => false,
  );

export type Broker = {
  readonly url: string;
  readonly restart: () => Promise<void>;
  /** As by SIGKILL. */
  readonly crash: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** Stops and removes it. */
  readonly remove: () => Promise<void>;
};

/** One Kafka node in a container of its own, on a free port of the loopback interface. */
export async function startBroker(): Promise<Broker> {
  const port = await freePort();
  const settings = {
    NODE_ID: '1',
    PROCESS_ROLES: 'broker,controller',
    LISTENERS: `PLAINTEXT://:${port},CONTROLLER://:9093`,
    ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
    CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
    OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
    OFFSETS_TOPIC_NUM_PARTITIONS: '5',
    TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
    TRANSACTION_STATE_LOG_MIN_ISR: '1',
    GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    AUTO_CREATE_TOPICS_ENABLE: 'false',
  };
  const environment = Object.entries(settings).flatMap(([name, value]) => [
    '--env',
    `KAFKA_${name}=${value}`,
  ]);
  const { stdout } = await docker(
    ...['run', '--detach', '--memory', '1g', '--label', 'newscience.test=event-bus'],
    ...['--publish', `127.0.0.1:${port}:${port}`],
    ...environment,
    IMAGE,
  );
  const id = stdout.trim();
  const ready = () => eventually(() => reachable(port), { withinMs: 90_000, everyMs: 250 });
  const remove = async (): Promise<void> => {
    await docker('rm', '--force', '--volumes', id);
  };
  try {
    await ready();
    await eventually(
      async () => {
        const { stdout, stderr } = await docker('logs', '--tail', '200', id);
        if (!`${stdout}${stderr}`.includes('Kafka Server started')) throw new Error('not started');
      },
      { withinMs: 90_000, everyMs: 500 },
    );
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    url: `kafka://127.0.0.1:${port}`,
    restart: async () => {
      await docker('restart', '--time', '20', id);
      await ready();
    },
    crash: async () => {
      await docker('kill', id);
    },
    start: async () => {
      await docker('start', id);
      await ready();
    },
    remove,
  };
}

function reachable(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}
