import { createLauncher } from './launcher.ts';
import { help, parseCommand } from './options.ts';
import { jsonProgress, type Terminal, textProgress } from './progress.ts';
import { Refusal, refusalOf } from './refusal.ts';
import type { Site } from './service-list.ts';

/** Everything is down by then; what is not is left to the kernel and to the next start. */
const STOP_DEADLINE_MS = 9_800;

/**
 * The whole of `npm start`: command line in, exit code out. 0 after a stop that was asked for, 1 where the
 * site could not start, 2 for a wrong command line.
 */
export async function runLauncher({ site, root }: { site: Site; root: string }): Promise<void> {
  // npm runs scripts in the clone's folder and leaves the user's in INIT_CWD.
  const cwd = process.env['INIT_CWD'] ?? process.cwd();
  const command = parseCommand(process.argv.slice(2), {
    cwd,
    root,
    dataFromEnv: process.env['NEWSCIENCE_DATA'],
    portFromEnv: process.env['NEWSCIENCE_PORT'],
  });
  if (command.kind === 'help') {
    process.stdout.write(help);
    return;
  }
  if (command.kind === 'wrong') {
    process.stderr.write(`${command.faults.join('\n')}\n`);
    process.exitCode = 2;
    return;
  }
  const { options } = command;
  const progress = options.json ? jsonProgress(terminal()) : textProgress(terminal());
  const launcher = createLauncher({
    options,
    site,
    root,
    progress,
    question: { isTTY: process.stdin.isTTY, input: process.stdin, output: process.stderr },
  });

  let ending: Promise<never> | undefined;
  const end = (first: string | undefined, last: () => void, exitCode: number): Promise<never> => {
    ending ??= (async () => {
      if (first !== undefined) progress.say(first);
      setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
      await launcher.stop();
      progress.close();
      last();
      process.exit(exitCode);
    })();
    return ending;
  };
  const stop = (why: string): void => {
    const first = `Stopping (${why}), requests in flight are finished first ...`;
    void end(first, () => progress.say('Stopped.'), 0);
  };
  process.on('SIGINT', () => stop('Ctrl-C'));
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGHUP', () => stop('the terminal was closed'));
  if (process.connected)
    process.on('disconnect', () => stop('the process that started this one is gone'));
  process.on('uncaughtException', (error) => {
    void end(undefined, () => progress.refused(refusalOf(error, options.dataDir).message), 1);
  });
  // A closed pipe (`npm start | head`) is no reason to fall over.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

  try {
    await launcher.start();
  } catch (error) {
    if (ending !== undefined) return ending;
    const sentence = error instanceof Error ? error.message : String(error);
    await end(
      undefined,
      () => progress.refused(sentence),
      error instanceof Refusal ? error.exitCode : 1,
    );
  }
}

function terminal(): Terminal {
  const { stdout } = process;
  return {
    write: (text) => stdout.write(text),
    writeError: (text) => process.stderr.write(text),
    isTTY: stdout.isTTY,
    columns: stdout.columns,
    now: () => performance.now(),
  };
}
