import { join } from 'node:path';
import { Command, CommanderError, InvalidArgumentError } from 'commander';

import { check } from './check.ts';
import type { Docker } from './docker.ts';
import { faultsOf, jsonOf, textOf } from './report.ts';

export const EXIT = { ok: 0, wrong: 1, usage: 2, noStack: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export type Surroundings = {
  readonly docker: Docker;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
};

type Options = { json?: true; timeout: number; data?: string };

/** Runs one command line (without node and script) and gives back the exit code. */
export async function runCheck(
  args: readonly string[],
  surroundings: Surroundings,
): Promise<ExitCode> {
  const { out, err } = surroundings;
  const program = new Command('npm run compose:check --')
    .description('Waits for the compose stack, walks through the site, and measures its memory.')
    .option('--timeout <seconds>', 'how long to wait for all services', seconds, 300)
    .option('--data <folder>', 'where the stack wrote its address and accounts')
    .option('--json', 'the report as one JSON object')
    .addHelpText('after', HELP)
    .configureOutput({
      writeOut: (text) => out(text.trimEnd()),
      writeErr: (text) => err(text.trimEnd()),
    })
    .exitOverride();
  try {
    program.parse(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    throw error;
  }
  return report(program.opts<Options>(), surroundings);
}

async function report(
  options: Options,
  { docker, env, cwd, out, err }: Surroundings,
): Promise<ExitCode> {
  const found = await check({
    docker,
    cwd,
    dataDir: options.data ?? dataFolder(env, cwd),
    withinMs: options.timeout * 1000,
    ...(options.json === true
      ? {}
      : { onWaiting: (names) => err(`Waiting for ${names.join(', ')} ...`) }),
  });
  const started = found.ok && found.value.services.some(({ container }) => container !== undefined);
  if (!found.ok || !started) {
    const detail = found.ok ? 'the stack is not started' : found.error.detail;
    if (options.json === true) out(JSON.stringify({ ok: false, faults: [detail] }, null, 2));
    err(`Nothing to check: ${detail}. Start it with "docker compose up".`);
    return EXIT.noStack;
  }
  out(options.json === true ? JSON.stringify(jsonOf(found.value), null, 2) : textOf(found.value));
  return faultsOf(found.value).length === 0 ? EXIT.ok : EXIT.wrong;
}

/** Where docker-compose.yml lets the service `secrets` write. */
function dataFolder(env: Surroundings['env'], cwd: string): string {
  const given = env['NEWSCIENCE_COMPOSE_DATA'] ?? '';
  return given === '' ? join(cwd, '.newscience-compose') : given;
}

function seconds(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('Give whole seconds from 0 on.');
  return Number(text);
}

const HELP = `
Project, ports and data folder are those of docker compose: COMPOSE_PROJECT_NAME, NEWSCIENCE_COMPOSE_DATA and so on.
Exit codes: 0 all is well, 1 something is wrong, 2 wrong usage, 3 no Docker engine or no such stack.`;
