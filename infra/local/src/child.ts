import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

import { lastLines, sizeOf } from './log-files.ts';

export type ChildOptions = {
  /** Absolute path of a `.ts` file. */
  readonly main: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Its stdout and stderr are added to this file. */
  readonly logFile: string;
};

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** In words: `exit code 1`, `SIGKILL`. */
export function exitText({ code, signal }: Exit): string {
  return signal ?? `exit code ${code ?? 'unknown'}`;
}

/**
 * Options of Node itself for everything that the launcher starts. Young garbage is collected at 4 MB and not at
 * Node's 16: some 30 MB less for each process (measured: monolith 142 to 111, gateway 152 to 132 resident).
 */
const nodeOptions = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4'];

/**
 * Starts a source file in a process of its own, with a channel: when the launcher dies, however it dies, the
 * channel breaks and the process knows.
 */
export function startChild({ main, args = [], env, cwd, logFile }: ChildOptions): ChildProcess {
  const log = openSync(logFile, 'a', 0o600);
  try {
    return spawn(process.execPath, [...nodeOptions, main, ...args], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log, 'ipc'],
      // A group of its own: Ctrl-C at a terminal must reach the launcher first, which stops things in order.
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
  } finally {
    closeSync(log);
  }
}

/** Fulfilled when the process has ended, also where it could not even be started. */
export function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: 127, signal: null }));
  });
}

/** Asks a process to end in good order. Windows has no signals; there the broken channel says it. */
export function askToEnd(child: ChildProcess): void {
  if (process.platform !== 'win32') child.kill('SIGTERM');
  else if (child.connected) child.disconnect();
}

export type TaskResult = {
  readonly ok: boolean;
  readonly exit: Exit;
  readonly lastLines: readonly string[];
};

/** Runs a short process to its end. It is asked to end when `signal` is aborted. */
export async function runTask(options: ChildOptions, signal: AbortSignal): Promise<TaskResult> {
  const from = sizeOf(options.logFile);
  const child = startChild(options);
  const abort = (): void => askToEnd(child);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  const exit = await exitOf(child);
  signal.removeEventListener('abort', abort);
  return { ok: exit.code === 0, exit, lastLines: lastLines(options.logFile, 10, from) };
}

/** Runs a short process in the user's terminal, where it may show progress and be interrupted for itself. */
export async function runVisibly(
  options: Omit<ChildOptions, 'logFile'>,
  signal: AbortSignal,
): Promise<Exit> {
  const { main, args = [], env, cwd } = options;
  const child = spawn(process.execPath, [...nodeOptions, main, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const abort = (): void => askToEnd(child);
  signal.addEventListener('abort', abort, { once: true });
  const exit = await exitOf(child);
  signal.removeEventListener('abort', abort);
  return exit;
}
