import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePortRange } from '@newscience/testing/free-port';

/** Where a site listens, as distances from its public port. */
export const portOffsets = [0, 1, 2, 3, 4, 9];

export const root = join(import.meta.dirname, '..', '..', '..');

export type StartedSite = {
  readonly url: string;
  readonly dataDir: string;
  readonly instanceFile: string;
  readonly launcher: ChildProcess;
  /** Ends the site as Ctrl-C does and removes its data. */
  readonly stop: () => Promise<void>;
};

/**
 * Starts the whole site as `npm start` does, on ports and data of its own.
 *
 * @throws Error with the launcher's output where it does not become ready within two minutes
 */
export async function startSite(): Promise<StartedSite> {
  const dataDir = mkdtempSync(join(tmpdir(), 'newscience-e2e-'));
  chmodSync(dataDir, 0o755);
  const port = await freePortRange(portOffsets.slice(1));
  const launcher = runPinned([
    'infra/local/src/main.ts',
    '--json',
    '--port',
    String(port),
    '--data',
    dataDir,
  ]);
  const output: string[] = [];
  const url = await readyUrl(launcher, output);
  if (url === undefined) {
    launcher.kill('SIGKILL');
    throw new Error(`The site did not become ready:\n${output.join('\n')}`);
  }
  return {
    url,
    dataDir,
    instanceFile: join(dataDir, 'instance.json'),
    launcher,
    stop: async () => {
      if (launcher.exitCode === null) {
        launcher.kill('SIGTERM');
        await once(launcher, 'exit');
      }
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** A source file of this repository under the Node of the tests, as `infra/run.mjs` runs it. */
export function runPinned(args: string[], env: Record<string, string> = {}): ChildProcess {
  const hidden = ['NODE_ENV', 'NODE_OPTIONS', 'JEST_WORKER_ID'];
  const own = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !hidden.includes(name)),
  );
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    cwd: root,
    env: { ...own, ...env, INIT_CWD: root },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function readyUrl(launcher: ChildProcess, output: string[]): Promise<string | undefined> {
  const { stdout, stderr } = launcher;
  if (stdout === null || stderr === null) return undefined;
  stderr.setEncoding('utf8').on('data', (chunk: string) => output.push(chunk));
  const late = setTimeout(() => launcher.kill('SIGTERM'), 120_000);
  try {
    for await (const line of createInterface(stdout)) {
      output.push(line);
      const told: unknown = JSON.parse(line);
      if (isReady(told)) {
        stdout.resume();
        return told.url;
      }
    }
    return undefined;
  } finally {
    clearTimeout(late);
  }
}

function isReady(told: unknown): told is { event: 'ready'; url: string } {
  return (
    typeof told === 'object' &&
    told !== null &&
    'event' in told &&
    told.event === 'ready' &&
    'url' in told
  );
}

export type Instance = {
  readonly url: string;
  readonly operatorUrl: string;
  readonly services: { name: string; pid: number; url: string }[];
  readonly dataDir: string;
  readonly credentials: Record<'operator' | 'editor', { email: string; password: string }>;
};

/** The site that the journeys run against. */
export function runningSite(): Instance {
  const file = process.env['NEWSCIENCE_E2E_INSTANCE'];
  if (file === undefined)
    throw new Error('No site: run through Jest, or name one in NEWSCIENCE_E2E_INSTANCE.');
  const dataDir = join(file, '..');
  const credentials: unknown = JSON.parse(readFileSync(join(dataDir, 'credentials.json'), 'utf8'));
  const instance: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return {
    ...(instance as Omit<Instance, 'dataDir' | 'credentials'>),
    dataDir,
    credentials: credentials as Instance['credentials'],
  };
}
