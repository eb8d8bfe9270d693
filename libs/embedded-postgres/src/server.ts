import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { type Binaries, findBinaries } from './binaries.ts';
import { ensureCluster, superuserSecret, writeSettings } from './cluster.ts';
import {
  asResult,
  faultOfMessage,
  PostgresFaultError,
  portTaken,
  type PostgresResult,
} from './fault.ts';
import { type Identity, planIdentity, surroundings } from './identity.ts';
import { clearLeftBehind } from './left-behind.ts';
import { readPidFile } from './pid-file.ts';
import type { Settings } from './settings.ts';

export type { PostgresFault, PostgresResult } from './fault.ts';

export type ServerOptions = {
  /** Absolute path; made (with the folders above it) where it does not exist. */
  readonly dataDir: string;
  /** TCP port on 127.0.0.1. */
  readonly port: number;
  /** PostgreSQL's own log is added to this file. */
  readonly logFile: string;
  /** Where the superuser's password is kept, mode 0600. Default: the data folder's name with `.secret`. */
  readonly secretFile?: string;
  /** Settings of postgresql.conf that differ from the house's. */
  readonly settings?: Settings;
  /** How long to wait for the server to accept connections, milliseconds. Default 60000 (crash recovery takes its time). */
  readonly startTimeoutMs?: number;
};

export type EmbeddedPostgres = {
  readonly port: number;
  readonly pid: number;
  /** URL of the superuser on the database `postgres`. Holds the password: not for logs. */
  readonly adminUrl: string;
  /** Fulfilled when the server has ended, for whatever reason. */
  readonly exited: Promise<void>;
  /**
   * Fast shutdown: open transactions are rolled back, data is flushed. After `withinMs` (default 10000) the
   * immediate one, after which the next start recovers from the log.
   */
  readonly stop: (withinMs?: number) => Promise<void>;
};

const FAST_SHUTDOWN_MS = 10_000;

/**
 * Starts PostgreSQL 18 on a data folder, making or recovering it as needed, and waits until it accepts connections.
 *
 * @returns the running server, or a fault whose `detail` is one sentence: what is wrong and what to do
 */
export async function startEmbeddedPostgres(
  options: ServerOptions,
): Promise<PostgresResult<EmbeddedPostgres>> {
  return asResult(options, async () => {
    const { dataDir, port, logFile, settings = {} } = options;
    const secretFile = options.secretFile ?? `${dataDir}.secret`;
    // Others may pass through these folders (not look into them): PostgreSQL may run as another account.
    for (const path of [dataDir, logFile, secretFile])
      mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
    await clearLeftBehind(dataDir);
    await assertFree(port);
    const binaries = findBinaries();
    const identity = planIdentity(surroundings(dataDir, neededFiles(binaries)));
    await ensureCluster({ dataDir, secretFile }, binaries, identity, settings['fsync'] !== 'off');
    writeSettings(dataDir, port, settings, identity.account);
    const secret = superuserSecret(secretFile);
    const command = identity.command(binaries.postgres, ['-D', dataDir]);
    const { child, exited, pid } = await launch(command, identity, options);
    return {
      port,
      pid,
      adminUrl: `postgres://postgres:${secret}@127.0.0.1:${port}/postgres`,
      exited,
      stop: (withinMs = FAST_SHUTDOWN_MS) =>
        stop({ child, exited, pid }, binaries, dataDir, withinMs),
    };
  });
}

type Launched = {
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
  readonly pid: number;
};

/** Children of a server that was killed need a moment to notice; until then PostgreSQL refuses to start. */
async function launch(
  command: { file: string; args: string[] },
  { spawnAs }: Pick<Identity, 'spawnAs'>,
  options: ServerOptions,
  attempts = 20,
): Promise<Launched> {
  const { dataDir, logFile } = options;
  const log = openSync(logFile, 'a', 0o600);
  const logStart = fstatSync(log).size;
  const child = spawn(command.file, command.args, {
    ...spawnAs,
    cwd: dataDir,
    // A group of its own: Ctrl-C at a terminal must reach the launcher first, which stops PostgreSQL last.
    detached: process.platform !== 'win32',
    windowsHide: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
  });
  closeSync(log);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const pid = await untilReady(child, exited, options);
  if (pid !== undefined) return { child, exited, pid };
  const said = readFrom(logFile, logStart);
  if (!said.includes('pre-existing shared memory block') || attempts === 0) {
    throw new PostgresFaultError(faultOfMessage(said, options));
  }
  await sleep(250);
  return launch(command, { spawnAs }, options, attempts - 1);
}

/** One file of each folder that PostgreSQL reads: if an account can read these, it can read all. */
function neededFiles({ folder, postgres }: Binaries): string[] {
  return [
    postgres,
    join(folder, 'lib', 'libpq.so.5'),
    join(folder, 'share', 'postgresql', 'postgres.bki'),
  ];
}

async function assertFree(port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', () => reject(new PostgresFaultError(portTaken(port))));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve()));
  });
}

/** The server's process id, or undefined where it has ended. */
async function untilReady(
  child: ChildProcess,
  exited: Promise<void>,
  options: ServerOptions,
): Promise<number | undefined> {
  const { dataDir, logFile, startTimeoutMs = 60_000 } = options;
  const end = new AbortController();
  void exited.then(() => end.abort());
  const deadline = Date.now() + startTimeoutMs;
  while (Date.now() < deadline) {
    if (end.signal.aborted) return undefined;
    const state = readPidFile(dataDir);
    if (state !== undefined && state.pid === child.pid && state.ready) return state.pid;
    await sleep(20);
  }
  child.kill('SIGINT');
  throw new PostgresFaultError({
    code: 'start_failed',
    detail: `PostgreSQL was not ready after ${startTimeoutMs / 1000} s: see its log in ${logFile}, then start again.`,
  });
}

/** What PostgreSQL has written since it was started; its last 16 KiB at most. */
function readFrom(file: string, start: number): string {
  const log = openSync(file, 'r');
  try {
    const { size } = fstatSync(log);
    const from = Math.max(start, size - 16_384);
    const buffer = Buffer.alloc(Math.max(0, size - from));
    readSync(log, buffer, 0, buffer.length, from);
    return buffer.toString('utf8');
  } finally {
    closeSync(log);
  }
}

async function stop(
  { child, exited }: Launched,
  binaries: Binaries,
  dataDir: string,
  withinMs: number,
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  if (process.platform === 'win32') {
    // Windows has no signals: a kill would be a crash.
    await promisify(execFile)(binaries.pgCtl, ['stop', '-m', 'fast', '-w', '-D', dataDir]);
    return;
  }
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGQUIT'), withinMs);
  await exited;
  clearTimeout(timer);
}
