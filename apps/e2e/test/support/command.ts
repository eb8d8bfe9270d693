import { once } from 'node:events';
import { type Instance, runPinned } from '../site.ts';

export type Outcome = { readonly code: number | null; readonly out: string; readonly err: string };

export type Running = {
  readonly pid: number;
  readonly output: () => string;
  readonly interrupt: () => void;
  readonly done: Promise<Outcome>;
};

/** Starts one of the command lines of this repository, as the npm scripts do. */
export function start(args: string[], env: Record<string, string> = {}): Running {
  const child = runPinned(args, env);
  let out = '';
  let err = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (err += chunk));
  const done = once(child, 'close').then(() => ({ code: child.exitCode, out, err }));
  if (child.pid === undefined) throw new Error(`Not started: ${args.join(' ')}`);
  return {
    pid: child.pid,
    output: () => out + err,
    interrupt: () => child.kill('SIGINT'),
    done,
  };
}

export function routes(
  site: Pick<Instance, 'dataDir'>,
  args: string[],
  env: Record<string, string> = {},
): Promise<Outcome> {
  return start(['apps/gateway/src/cli/main.ts', ...args], {
    NEWSCIENCE_DATA: site.dataDir,
    ...env,
  }).done;
}

export function startImport(site: Pick<Instance, 'dataDir'>, args: string[]): Running {
  return start(['apps/monolith/src/import/main.ts', ...args], { NEWSCIENCE_DATA: site.dataDir });
}
