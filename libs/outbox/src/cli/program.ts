import { err, ok, type Result } from '@newscience/service-kit/result';
import { EXIT, exitCodeOf, type ExitCode } from '@newscience/site-client/exit-code';
import { findSite, type SiteService } from '@newscience/site-client/find-site';
import { SiteClient } from '@newscience/site-client/site-client';
import type { SiteError } from '@newscience/site-client/site-error';
import { Command, CommanderError, InvalidArgumentError } from 'commander';

import { createEventClient, type EventClient, type Gathered } from './event-client.ts';
import { HELP } from './help.ts';
import { type LetterName, readLetterName } from './letter-name.ts';
import { readService, serviceNamed, servicesOf } from './services.ts';
import { activityText, auditText, errorText, lagText, lettersText, letterText } from './show.ts';
import { readSince } from './since.ts';
import { tail, type TailOptions } from './tail.ts';

export type Surroundings = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Ends `tail`. */
  readonly signal: AbortSignal;
};

type GlobalOptions = { json?: boolean; url?: string; data?: string; service?: SiteService[] };
type Found = { readonly client: SiteClient; readonly services: readonly SiteService[] };

/** Whose stream `tail` reads. */
const ACTIVITY = 'activity-service';

/** Runs one command line (without node and script) and gives back the exit code. */
export async function runEvents(
  args: readonly string[],
  surroundings: Surroundings,
): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  const program = createProgram(surroundings, (code) => (exitCode = code));
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    throw error;
  }
}

function createProgram(surroundings: Surroundings, end: (code: ExitCode) => void): Command {
  const { out, err: say, signal } = surroundings;
  const isJson = (command: Command): boolean =>
    command.optsWithGlobals<GlobalOptions>().json === true;

  const fail = (error: SiteError, command: Command): void => {
    if (isJson(command)) out(JSON.stringify({ error: errorJson(error) }));
    else say(errorText(error));
    end(exitCodeOf(error));
  };

  const run = async <T>(
    command: Command,
    work: (client: EventClient) => Promise<Result<T, SiteError>>,
    show: (value: T) => string,
  ): Promise<T | undefined> => {
    const found = await find(command.optsWithGlobals<GlobalOptions>(), surroundings);
    const result = found.ok
      ? await work(createEventClient(found.value.client, found.value.services))
      : found;
    if (!result.ok) {
      fail(result.error, command);
      return undefined;
    }
    if (!isJson(command)) out(show(result.value));
    return result.value;
  };

  const showOne = async (command: Command, ...rest: OneArguments): Promise<void> => {
    const letter = await run(command, ...rest);
    if (letter !== undefined && isJson(command)) out(JSON.stringify(letter, null, 2));
  };

  /** What some services said is shown where others failed. */
  const showMany = async <T>(
    command: Command,
    work: (client: EventClient) => Promise<Result<Gathered<T>, SiteError>>,
    show: (gathered: Gathered<T>) => string,
  ): Promise<void> => {
    const gathered = await run(command, work, (value) =>
      value.items.length === 0 && value.failed.length > 0 ? '' : show(value),
    );
    if (gathered === undefined) return;
    const { items, more, failed } = gathered;
    if (isJson(command)) {
      const faults = failed.map(({ service, error }) => ({ service, ...errorJson(error) }));
      out(JSON.stringify({ items, more, failed: faults }, null, 2));
    } else failed.forEach(({ service, error }) => say(`${service}: ${errorText(error)}`));
    const [first] = failed;
    if (first !== undefined) end(exitCodeOf(first.error));
  };

  const follow = async (command: Command, options: TailOptions): Promise<void> => {
    const found = await find(command.optsWithGlobals<GlobalOptions>(), surroundings);
    const service = found.ok ? serviceNamed(found.value.services, ACTIVITY) : found;
    const ended =
      found.ok && service.ok
        ? await tail(found.value.client, service.value, options, {
            ...{ signal, tell: say },
            show: (activity) =>
              out(isJson(command) ? JSON.stringify(activity) : activityText(activity)),
          })
        : service;
    if (!ended.ok) fail(ended.error, command);
  };

  const program = new Command('events')
    .description('Shows what happens on the site, and deals with events that nobody could handle.')
    .option('--json', 'JSON on standard output; of tail one object a line')
    .option('--url <url>', 'the site (default: NEWSCIENCE_URL, else the one that runs here)')
    .option('--service <name=url>', 'a service to ask, may come again', serviceOption)
    .option(
      '--data <folder>',
      'data folder of the site (default: NEWSCIENCE_DATA, else .newscience)',
    )
    .addHelpText('after', HELP)
    .configureOutput({
      writeOut: (text) => out(text.trimEnd()),
      writeErr: (text) => say(text.trimEnd()),
    })
    .exitOverride();

  program
    .command('tail')
    .description('what happens, as it happens, until you stop it')
    .option('--type <glob>', 'such as "newscience.article.*"')
    .option('--subject <id>', 'of this aggregate only')
    .option('--since <time>', 'also what happened since then: 10m, 2h, 3d, or a date', sinceOption)
    .option('--limit <number>', 'end after so many', countOption)
    .action((options: TailOptions, command: Command) => follow(command, options));

  program
    .command('lag')
    .description('how far each consumer is behind')
    .action((_options, command: Command) => showMany(command, (client) => client.lag(), lagText));

  const dead = program.command('dead').description('events that failed as often as they may');

  paged(dead.command('list'))
    .description('all of them, of each service the latest first')
    .option('--consumer <group>', 'of this group only')
    .action((options: PageOptions & { consumer?: string }, command: Command) =>
      showMany(command, (client) => client.list(options), lettersText),
    );

  dead
    .command('show')
    .description('one with its event')
    .argument('<id>', 'as in activity-service/12', letterArgument)
    .action((name: LetterName, _options, command: Command) =>
      showOne(command, (client) => client.show(name), letterText),
    );

  dead
    .command('replay')
    .description('tries it anew, with all its attempts, behind what waits for its key')
    .argument('<id>', 'as in activity-service/12', letterArgument)
    .option('--why <text>', 'the reason, for the audit log (3 to 500 characters)')
    .action((name: LetterName, { why }: { why?: string }, command: Command) =>
      showOne(
        command,
        (client) => client.replay(name, why),
        ({ id, eventId }) => `The event ${eventId} (${id}) is tried again.`,
      ),
    );

  dead
    .command('discard')
    .description('gives it up: it counts as handled, and stays in the audit log')
    .argument('<id>', 'as in activity-service/12', letterArgument)
    .requiredOption('--why <text>', 'the reason, for the audit log (3 to 500 characters)')
    .action((name: LetterName, { why }: { why: string }, command: Command) =>
      showOne(
        command,
        (client) => client.discard(name, why),
        ({ id, eventId }) => `The event ${eventId} (${id}) is given up.`,
      ),
    );

  paged(dead.command('audit'))
    .description('who did what, when and why; of each service the latest first')
    .action((options: PageOptions, command: Command) =>
      showMany(command, (client) => client.audit(options), auditText),
    );

  return program;
}

type OneArguments = [
  work: (client: EventClient) => ReturnType<EventClient['show']>,
  show: typeof letterText,
];
type PageOptions = { readonly limit?: number; readonly before?: LetterName };

const paged = (command: Command): Command =>
  command
    .option('--limit <number>', 'of each service (1 to 200, default 50)', countOption)
    .option('--before <id>', 'go on where the page before ended', letterArgument);

async function find(
  { url, data: dataDir, service = [] }: GlobalOptions,
  { env, cwd }: Surroundings,
): Promise<Result<Found, SiteError>> {
  const site = await findSite({ role: 'operator', url, dataDir, env, cwd });
  if (!site.ok) return site;
  const services = servicesOf(site.value, service, env);
  if (!services.ok) return err(services.error);
  return ok({ client: new SiteClient(site.value), services: services.value });
}

function errorJson(error: SiteError): Record<string, unknown> {
  if (!('refusal' in error)) return { code: error.code, detail: error.detail };
  const { body, status, code } = error.refusal;
  return { ...body, status, code, detail: error.detail };
}

function serviceOption(text: string, before: SiteService[] = []): SiteService[] {
  const service = readService(text);
  if (service !== undefined) return [...before, service];
  throw new InvalidArgumentError('Write NAME=URL, as in activity-service=http://127.0.0.1:8084.');
}

function sinceOption(text: string): string {
  const since = readSince(text, new Date());
  if (since !== undefined) return since;
  throw new InvalidArgumentError('Write 30s, 10m, 2h, 3d, or a date such as 2026-03-02T06:00:00Z.');
}

function countOption(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number from 1 on.');
}

function letterArgument(text: string): LetterName {
  const name = readLetterName(text);
  if (name !== undefined) return name;
  throw new InvalidArgumentError('Write it as the list shows it, as in activity-service/12.');
}
