import { Command, InvalidArgumentError, Option } from 'commander';

import type { Screen } from './progress.ts';

/** What a command line reads and writes. */
export type Terminal = {
  stdout: NodeJS.WritableStream;
  stderr: Screen;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Aborted by Ctrl-C and SIGTERM: the batch in flight is finished, then the import ends. */
  signal: AbortSignal;
};

export type Options = {
  url?: string;
  data?: string;
  report?: string;
  retryFor: number;
  allowRejects: boolean;
  dryRun: boolean;
  restart: boolean;
  json: boolean;
};

const HELP = `
FILE is JSON Lines, plain or gzip: one article a line. Its fields:
  id, title, authors, publishedAt (YYYY-MM-DD), body        needed
  kicker, summary, section, topics, keywords, related, type, bodyKind,
  source, url, licence, licenceUrl                          optional
Titles are plain text: HTML tags in them are refused.

Stopped, it goes on where it was when the same command is given again; run a second time it changes
nothing. Credentials: NEWSCIENCE_TOKEN, or NEWSCIENCE_EMAIL and NEWSCIENCE_PASSWORD, or those that
"npm start" wrote (.newscience/credentials.json). An editor's account is enough.

Exit codes: 0 all is in; 1 lines were rejected; 2 wrong usage; 3 not finished (stopped, or the site is
away or refuses): the same command goes on; 4 the file is damaged: all before the damage is in.`;

/** The options of `npm run import`, with its help. */
export function importProgram(
  run: (file: string, options: Options) => Promise<void>,
  terminal: Terminal,
): Command {
  return new Command('npm run import --')
    .description('Imports articles into a running New Science.')
    .argument('<file>', 'JSON Lines, plain or gzip')
    .option('--dry-run', 'only check the lines, send nothing', false)
    .option('--allow-rejects', 'exit with 0 although lines were rejected', false)
    .option(
      '--report <file>',
      'where to list rejected lines (default: .newscience/import/NAME.rejected.jsonl)',
    )
    .option('--restart', 'begin anew although an earlier run was stopped', false)
    .addOption(
      new Option('--retry-for <seconds>', 'how long to try again while the site is away')
        .default(60)
        .argParser(seconds),
    )
    .option('--url <url>', 'the site (default: NEWSCIENCE_URL, else the one that "npm start" runs)')
    .option(
      '--data <dir>',
      'the data folder of "npm start" (default: NEWSCIENCE_DATA, else .newscience)',
    )
    .option('--json', 'one JSON object at the end, progress on stderr', false)
    .addHelpText('after', HELP)
    .showHelpAfterError('Use --help for what is possible.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    })
    .action(run);
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 86_400) return value;
  throw new InvalidArgumentError('Give seconds from 0 to 86400.');
}
