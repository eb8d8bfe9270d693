import { EXIT, exitCodeOf, type ExitCode } from '@newscience/site-client/exit-code';
import { findSite } from '@newscience/site-client/find-site';
import { SiteClient } from '@newscience/site-client/site-client';
import type { SiteError } from '@newscience/site-client/site-error';
import type { Result } from '@newscience/service-kit/result';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { createRouteClient, type RouteClient } from './route-client.ts';
import { auditText, errorText, explanationText, listText, routeText } from './show.ts';

export type Surroundings = {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  out: (text: string) => void;
  err: (text: string) => void;
};

type GlobalOptions = { json?: boolean; url?: string; operatorUrl?: string; data?: string };
type WriteOptions = { why: string; force?: boolean; revision?: number };
type SetOptions = WriteOptions & {
  path: string;
  methods?: string[];
  target: string;
  stage: string;
};
type AuditOptions = { route?: string; limit?: string; cursor?: string };

/** Runs one command line (without node and script) and gives back the exit code. */
export async function runRoutes(
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
  const { out, err } = surroundings;

  /** Finds the site, makes one call, shows what came of it. */
  const run = async <T>(
    command: Command,
    work: (client: RouteClient) => Promise<Result<T, SiteError>>,
    show: (value: T) => string,
  ): Promise<void> => {
    const options = command.optsWithGlobals<GlobalOptions>();
    const result = await withClient(options, surroundings, work);
    if (!result.ok) {
      if (options.json === true) out(JSON.stringify({ error: jsonError(result.error) }));
      else err(errorText(result.error));
      end(exitCodeOf(result.error));
    } else if (options.json === true) out(JSON.stringify(result.value ?? {}, null, 2));
    else out(show(result.value));
  };

  const program = new Command('routes')
    .description('Shows and changes the routes of the facade while the site runs.')
    .option('--json', 'one JSON object on standard output')
    .option('--url <url>', 'the site (default: NEWSCIENCE_URL, else the one that runs here)')
    .option('--operator-url <url>', 'its operator API (default: NEWSCIENCE_OPERATOR_URL, or same)')
    .option(
      '--data <folder>',
      'data folder of the site (default: NEWSCIENCE_DATA, else .newscience)',
    )
    .addHelpText('after', HELP)
    .configureOutput({
      writeOut: (text) => out(text.trimEnd()),
      writeErr: (text) => err(text.trimEnd()),
    })
    .exitOverride();

  program
    .command('list')
    .description('the route table in the order of precedence')
    .action((_options, command: Command) => run(command, (client) => client.list(), listText));

  program
    .command('show')
    .description('one route')
    .argument('<id>')
    .action((id: string, _options, command: Command) =>
      run(command, (client) => client.show(id), routeText),
    );

  program
    .command('explain')
    .description('which route takes a request, and why no other does')
    .argument('<method>')
    .argument('<path>')
    .action((method: string, path: string, _options, command: Command) =>
      run(command, (client) => client.explain(method, path), explanationText),
    );

  program
    .command('audit')
    .description('who changed what, when and why; newest first')
    .option('--route <id>', 'changes of this route only')
    .option('--limit <number>', 'how many (1 to 200, default 50)')
    .option('--cursor <cursor>', 'go on where the page before ended')
    .action(({ route, limit, cursor }: AuditOptions, command: Command) => {
      const query = Object.entries({ route, limit, cursor }).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value] as const],
      );
      return run(command, (client) => client.audit(Object.fromEntries(query)), auditText);
    });

  writing(program.command('set'))
    .description('makes or replaces a route')
    .argument('<id>')
    .requiredOption('--path <pattern>', 'such as /api/v1/search, /articles/:id or /api/*')
    .option('--methods <list>', 'such as GET,HEAD (default: any)', methodList)
    .requiredOption(
      '--target <target>',
      'a named upstream, or an origin such as http://127.0.0.1:8083',
    )
    .requiredOption('--stage <stage>', 'monolith or cutover')
    .option('--force', 'take a target that does not answer')
    .action(
      (id: string, { path, methods = [], target, stage, ...rest }: SetOptions, command: Command) =>
        run(command, (client) => client.set(id, { path, methods, target, stage }, rest), routeText),
    );

  writing(program.command('stage'))
    .description('moves a route to another stage')
    .argument('<id>')
    .argument('<stage>', 'monolith or cutover')
    .option('--force', 'take a target that does not answer')
    .action((id: string, stage: string, options: WriteOptions, command: Command) =>
      run(command, (client) => client.stage(id, stage, options), routeText),
    );

  writing(program.command('remove'))
    .description('removes a route; its requests go where the next one sends them')
    .argument('<id>')
    .action((id: string, options: WriteOptions, command: Command) =>
      run(
        command,
        (client) => client.remove(id, options),
        () => `Route ${id} is removed.`,
      ),
    );

  return program;
}

/** What every change has. */
function writing(command: Command): Command {
  return command
    .requiredOption('--why <text>', 'the reason, for the audit log (3 to 500 characters)')
    .option(
      '--revision <number>',
      'refuse if the route is at another one (0: not there yet)',
      revision,
    );
}

async function withClient<T>(
  options: GlobalOptions,
  { env, cwd }: Surroundings,
  work: (client: RouteClient) => Promise<Result<T, SiteError>>,
): Promise<Result<T, SiteError>> {
  const { url, operatorUrl, data: dataDir } = options;
  const site = await findSite({ role: 'operator', url, operatorUrl, dataDir, env, cwd });
  if (!site.ok) return site;
  return work(createRouteClient(new SiteClient(site.value)));
}

function jsonError(error: SiteError): Record<string, unknown> {
  if ('refusal' in error)
    return {
      ...error.refusal.body,
      status: error.refusal.status,
      code: error.refusal.code,
      detail: error.detail,
    };
  return { code: error.code, detail: error.detail };
}

function methodList(text: string): string[] {
  const names = text.split(',').map((name) => name.trim().toUpperCase());
  if (names.includes('')) throw new InvalidArgumentError('Write names, comma-separated: GET,HEAD.');
  return names;
}

function revision(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Give a whole number from 0 on.');
  return Number(text);
}

const HELP = `
Examples:
  npm run routes -- list
  npm run routes -- set search --path /api/v1/search --methods GET,HEAD --target http://127.0.0.1:8083 \\
      --stage cutover --why "the search service has caught up"
  npm run routes -- stage search monolith --why "answers differ, see the report"
  npm run routes -- explain GET "/api/v1/search?q=moon"

Credentials: NEWSCIENCE_TOKEN, or NEWSCIENCE_EMAIL and NEWSCIENCE_PASSWORD, or those of the site that runs here.
Exit codes: 0 done, 1 refused by the site, 2 wrong usage, 3 site not found or not reached, 4 not authorised.`;
