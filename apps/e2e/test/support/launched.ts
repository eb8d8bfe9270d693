import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { root } from '../site.ts';

export type Launched = {
  readonly process: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  /** Resolves when the ready line is there or the launcher has ended. */
  readonly settled: Promise<void>;
  readonly ended: Promise<number | null>;
  /** What a terminal does on Ctrl-C: the signal goes to the whole group. */
  readonly signalGroup: (signal: NodeJS.Signals) => void;
};

/** The launcher in a process group of its own, as in a terminal of its own. */
export function launch(args: string[]): Launched {
  const readyMark = args.includes('--json') ? '"event":"ready"' : 'New Science is ready';
  const hidden = /^(NODE_ENV|NODE_OPTIONS|JEST_|NEWSCIENCE_)/;
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !hidden.test(name)),
  );
  const child = spawn(process.execPath, ['infra/run.mjs', 'infra/local/src/main.ts', ...args], {
    cwd: root,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  const ended = once(child, 'close').then(() => child.exitCode);
  const ready = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      out += chunk;
      if (out.includes(readyMark)) resolve();
    });
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk));
  return {
    process: child,
    out: () => out,
    err: () => err,
    settled: Promise.race([ready, ended.then(() => undefined)]),
    ended,
    signalGroup: (signal) => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, signal);
    },
  };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

/** All processes whose command line or environment names this data folder, and all that they started. */
export function processesOf(dataDir: string): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const parents = new Map(
    all.map((pid) => [pid, /^PPid:\s+(\d+)$/m.exec(textOf(pid, 'status'))?.[1]]),
  );
  const own = String(process.pid);
  const named = new Set(
    all.filter(
      (pid) =>
        pid !== own && `${textOf(pid, 'cmdline')} ${textOf(pid, 'environ')}`.includes(dataDir),
    ),
  );
  const belongs = (pid: string | undefined): boolean =>
    pid !== undefined && (named.has(pid) || belongs(parents.get(pid)));
  return all.filter((pid) => pid !== own && belongs(pid)).map(Number);
}

function textOf(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

/** Proportional set size of a process, KB: shared pages count in parts, so that sums make sense. */
export function memoryKb(pid: number): number {
  const rollup = textOf(String(pid), 'smaps_rollup');
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0);
}

export async function listens(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  const open = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  });
  socket.destroy();
  return open;
}
