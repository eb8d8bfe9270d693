import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

export type ServiceOptions = {
  /** The service's main file, absolute; runs under the Node of the test. */
  readonly file: string;
  readonly args?: readonly string[];
  /** Added to the test's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What says that it is ready: the message `{type: 'ready'}` (default), or this URL answering 200. */
  readonly healthUrl?: string;
  /** How long it may take to become ready, milliseconds. Default 30000. */
  readonly readyWithinMs?: number;
};

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type ServiceProcess = {
  readonly pid: number;
  /** Everything it wrote to stdout and stderr since its last start. */
  readonly output: () => string;
  /**
   * Fulfilled as soon as its output since its last start matches, or has matched already.
   *
   * @throws Error with the output where it ends before, or after `withinMs` (default 30000)
   */
  readonly saw: (pattern: RegExp, withinMs?: number) => Promise<void>;
  /** What it sent with its ready message, `{type: 'ready', port}` from the service kit. */
  readonly ready: () => unknown;
  /** Sends a signal (default SIGTERM) and waits for the end. */
  readonly kill: (signal?: NodeJS.Signals) => Promise<Exit>;
  /** Ends it if it runs, and starts it again with the same options. */
  readonly restart: () => Promise<void>;
  /** Waits for the end without asking for it. */
  readonly exited: () => Promise<Exit>;
  /** Ends it (SIGTERM, after 10 s SIGKILL). For `afterAll`; harmless when it has ended. */
  readonly stop: () => Promise<Exit>;
};

const running = new Set<ChildProcess>();
// A Jest worker that ends early must not leave processes behind.
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/**
 * Starts a real service process and waits until it is ready.
 *
 * @throws Error with the process's output where it ends or stays unready
 */
export async function startService(options: ServiceOptions): Promise<ServiceProcess> {
  let current = await launch(options);
  return {
    get pid() {
      return current.pid;
    },
    output: () => current.output(),
    saw: (pattern, withinMs) => saw(current, pattern, withinMs),
    ready: () => current.ready,
    exited: () => current.ended,
    kill: (signal = 'SIGTERM') => {
      current.child.kill(signal);
      return current.ended;
    },
    stop: () => end(current),
    restart: async () => {
      await end(current);
      current = await launch(options);
    },
  };
}

type Running = {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<Exit>;
  readonly output: () => string;
  readonly ready: unknown;
};

async function launch(options: ServiceOptions): Promise<Running> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', options.file, ...(options.args ?? [])],
    {
      cwd: options.cwd,
      env: { ...withoutJest(process.env), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  );
  running.add(child);
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
  }
  const output = (): string => chunks.join('');
  const ended = once(child, 'close').then((): Exit => {
    running.delete(child);
    return { code: child.exitCode, signal: child.signalCode };
  });
  try {
    const ready = await untilReady(child, options, ended);
    if (child.pid === undefined) throw new Error('it has no process id');
    return { child, pid: child.pid, ended, output, ready };
  } catch (error) {
    child.kill('SIGKILL');
    await ended;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${options.file} did not become ready: ${reason}\n${output()}`, {
      cause: error,
    });
  }
}

function saw({ child, ended, output }: Running, pattern: RegExp, withinMs = 30_000): Promise<void> {
  return new Promise((resolve, reject) => {
    const streams = [child.stdout, child.stderr];
    const over = (): void => {
      clearTimeout(timer);
      for (const stream of streams) stream?.off('data', look);
    };
    const look = (): void => {
      if (output().search(pattern) < 0) return;
      over();
      resolve();
    };
    const fail = (why: string): void => {
      over();
      reject(new Error(`${why}, and ${String(pattern)} is not in its output:\n${output()}`));
    };
    const timer = setTimeout(() => fail(`${withinMs} ms are over`), withinMs);
    for (const stream of streams) stream?.on('data', look);
    void ended.then(() => fail('It has ended'));
    look();
  });
}

async function untilReady(
  child: ChildProcess,
  { healthUrl, readyWithinMs = 30_000 }: ServiceOptions,
  ended: Promise<Exit>,
): Promise<unknown> {
  const limit = new AbortController();
  const failed = ended.then(({ code, signal }) => {
    throw new Error(`it ended with ${signal ?? `exit code ${code ?? 'unknown'}`}`);
  });
  const late = sleep(readyWithinMs, undefined, { signal: limit.signal }).then(() => {
    throw new Error(`it was not ready after ${readyWithinMs} ms`);
  });
  const said = healthUrl === undefined ? readyMessage(child) : answers(healthUrl, limit.signal);
  // Whichever loses the race may still be rejected later.
  for (const loser of [failed, late, said]) loser.catch(() => undefined);
  try {
    return await Promise.race([said, failed, late]);
  } finally {
    limit.abort();
  }
}

function readyMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => {
    child.on('message', (message: unknown) => {
      if (
        typeof message === 'object' &&
        message !== null &&
        'type' in message &&
        message.type === 'ready'
      )
        resolve(message);
    });
  });
}

async function answers(url: string, signal: AbortSignal): Promise<unknown> {
  for (;;) {
    try {
      const response = await fetch(url, { signal });
      const body = await response.text();
      if (response.status === 200) return body;
    } catch {
      // Nobody listens yet.
    }
    await sleep(50, undefined, { signal });
  }
}

async function end({ child, ended }: Running): Promise<Exit> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  const exit = await ended;
  clearTimeout(timer);
  return exit;
}

/** A service must not see that a test started it. */
function withoutJest(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const hidden = ['NODE_ENV', 'NODE_OPTIONS', 'JEST_WORKER_ID'];
  return Object.fromEntries(Object.entries(env).filter(([name]) => !hidden.includes(name)));
}
