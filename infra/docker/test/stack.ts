import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePorts } from '@newscience/testing/free-port';

import { root } from './compose-file.ts';

export type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string };

const projectName = /^newscience-test-(\d+)$/;

/** A compose stack of its own: project, ports, network and data folder beside those of any other. */
export type Stack = {
  readonly url: string;
  readonly operatorUrl: string;
  readonly dataDir: string;
  /** `docker compose ARGS` on it. */
  readonly compose: (...args: string[]) => Promise<Outcome>;
  /** A source file of the repository as npm's scripts run it, in surroundings that know of this stack. */
  readonly run: (file: string, ...args: string[]) => Promise<Outcome>;
  /** Ends it and removes containers, volumes, networks, images and files. */
  readonly remove: () => Promise<void>;
};

/** Why no stack can be started here; undefined where one can. */
export async function composeMissing(): Promise<string | undefined> {
  const found = await call('docker', ['compose', 'version'], process.env);
  if (found.code !== 0) return 'no docker compose';
  const engine = await call('docker', ['info'], process.env);
  return engine.code === 0 ? undefined : 'no Docker engine answers';
}

/** Prepares one; it is started by `compose('up', …)`. What an earlier run that was killed left behind is removed. */
export async function createStack(): Promise<Stack> {
  await removeLeftBehind();
  const project = `newscience-test-${process.pid}`;
  const [port, operatorPort] = await freePorts(2);
  const dataDir = await mkdtemp(join(tmpdir(), `${project}-`));
  const { PATH, HOME, DOCKER_HOST } = process.env;
  const env = {
    PATH,
    HOME,
    DOCKER_HOST,
    COMPOSE_PROJECT_NAME: project,
    NEWSCIENCE_PORT: String(port),
    NEWSCIENCE_OPERATOR_PORT: String(operatorPort),
    NEWSCIENCE_SUBNET: `10.84.${process.pid % 256}.0/24`,
    NEWSCIENCE_COMPOSE_DATA: dataDir,
  };
  return {
    url: `http://127.0.0.1:${port}`,
    operatorUrl: `http://127.0.0.1:${operatorPort}`,
    dataDir,
    compose: (...args) => call('docker', ['compose', ...args], env),
    run: (file, ...args) =>
      call(process.execPath, [join(root, file), ...args], { ...env, NEWSCIENCE_DATA: dataDir }),
    remove: async () => {
      await removeProject(project);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Ends with the code of the process, 127 where it could not be started. Fifteen minutes at most. */
function call(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { cwd: root, env, timeout: 900_000, maxBuffer: 256 * 1024 ** 2 };
    execFile(program, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 127;
      resolve({ code, stdout, stderr });
    });
  });
}

async function removeProject(project: string): Promise<void> {
  const docker = (...args: string[]) => call('docker', args, process.env);
  await docker(
    'compose',
    '-p',
    project,
    'down',
    '--volumes',
    '--remove-orphans',
    '--timeout',
    '10',
  );
  const images = await docker(
    'image',
    'ls',
    '--quiet',
    '--filter',
    `reference=newscience/*:${project}`,
  );
  const ids = [...new Set(images.stdout.split('\n').filter(Boolean))];
  if (ids.length > 0) await docker('image', 'rm', '--force', ...ids);
}

async function removeLeftBehind(): Promise<void> {
  const listed = await call(
    'docker',
    ['ps', '--all', '--format', '{{.Label "com.docker.compose.project"}}'],
    process.env,
  );
  for (const project of new Set(listed.stdout.split('\n'))) {
    const pid = Number(projectName.exec(project)?.[1] ?? process.pid);
    if (pid !== process.pid && !isAlive(pid)) await removeProject(project);
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
