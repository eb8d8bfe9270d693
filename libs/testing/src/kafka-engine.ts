import { execFile, spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { promisify } from 'node:util';

import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';

const run = promisify(execFile);
const docker = (...args: string[]) => run('docker', args, { timeout: 60_000 });

/** As in docker-compose.yml. */
export const kafkaImage = 'apache/kafka:4.3.1';

const label = 'newscience.test';
const ownerLabel = 'newscience.test.pid';

/** Why no container can be started here, or undefined where a Docker engine answers. */
export const dockerMissing = (): Promise<string | undefined> =>
  docker('info').then(
    () => undefined,
    () => 'no Docker engine answers',
  );

export type KafkaEngine = {
  readonly url: string;
  /** Ends it in good order and starts it again. */
  readonly restart: () => Promise<void>;
  /** SIGKILL. */
  readonly crash: () => Promise<void>;
  /** After `crash`; waits until it takes connections. */
  readonly start: () => Promise<void>;
  /** Kills and removes it with its data. Harmless when repeated. */
  readonly remove: () => Promise<void>;
};

/**
 * One Kafka node in a container of its own, on a free port of the loopback interface. It goes when this process
 * ends; of a process that was killed, the next one to call this removes it.
 *
 * @param purpose seen in the container's label
 * @throws Error where no Docker engine answers or the broker does not start
 */
export async function startKafkaEngine(purpose: string): Promise<KafkaEngine> {
  await removeOrphans();
  const port = await freePort();
  const { stdout } = await docker(
    ...['run', '--detach', '--memory', '1g'],
    ...['--label', `${label}=${purpose}`, '--label', `${ownerLabel}=${process.pid}`],
    ...['--publish', `127.0.0.1:${port}:${port}`],
    ...settings(port),
    kafkaImage,
  );
  const id = stdout.trim();
  const removeAtExit = (): void => void spawnSync('docker', removal(id), { timeout: 20_000 });
  process.once('exit', removeAtExit);
  const remove = async (): Promise<void> => {
    process.off('exit', removeAtExit);
    await docker(...removal(id)).catch((error: unknown) => {
      if (!String(error).includes('No such container')) throw error;
    });
  };
  // The published port takes connections before the broker does: only its own word counts.
  let startedAt = 0;
  const ready = async (): Promise<void> => {
    await eventually(() => reachable(port), { withinMs: 90_000, everyMs: 250 });
    await eventually(
      async () => {
        const { stdout, stderr } = await docker('logs', '--since', String(startedAt), id);
        if (!`${stdout}${stderr}`.includes('Kafka Server started')) throw new Error('not started');
      },
      { withinMs: 90_000, everyMs: 500 },
    );
  };
  const starting = async (...args: string[]): Promise<void> => {
    startedAt = Math.floor(Date.now() / 1000);
    await docker(...args, id);
    await ready();
  };
  try {
    await ready();
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    url: `kafka://127.0.0.1:${port}`,
    restart: () => starting('restart', '--time', '20'),
    crash: async () => {
      await docker('kill', id);
    },
    start: () => starting('start'),
    remove,
  };
}

function settings(port: number): string[] {
  const values = {
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
  return Object.entries(values).flatMap(([name, value]) => ['--env', `KAFKA_${name}=${value}`]);
}

const removal = (id: string): string[] => ['rm', '--force', '--volumes', id];

/** Containers whose process was killed before it could remove them. */
async function removeOrphans(): Promise<void> {
  const { stdout } = await docker(
    ...['ps', '--all', '--filter', `label=${ownerLabel}`],
    ...['--format', `{{.ID}} {{.Label "${ownerLabel}"}}`],
  );
  for (const line of stdout.split('\n').filter(Boolean)) {
    const [id = '', pid = ''] = line.split(' ');
    if (!isAlive(Number(pid))) await docker(...removal(id)).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
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
