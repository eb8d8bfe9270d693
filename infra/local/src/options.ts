import { isAbsolute, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export type Options = {
  /** The gateway's public port; the others follow from it. */
  readonly port: number;
  /** Absolute. */
  readonly dataDir: string;
  readonly reset: boolean;
  /** Do not ask. */
  readonly yes: boolean;
  /** Absolute path of a file to import after the start. */
  readonly corpus: string | undefined;
  readonly json: boolean;
};

export type Command =
  | { readonly kind: 'start'; readonly options: Options }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly faults: readonly string[] };

/** The highest port that leaves room for the others. */
const highestPort = 65_535 - 9;

export const help = `npm start [-- OPTIONS]

Starts New Science on this machine and runs until Ctrl-C.

  --port PORT    port of the site, the others follow (default 8080, or NEWSCIENCE_PORT)
                 PORT site, PORT+1 operator API, PORT+2 monolith, PORT+9 PostgreSQL
  --data DIR     folder for everything it keeps (default .newscience, or NEWSCIENCE_DATA)
  --reset        throws away what the data folder holds and starts afresh; asks first
  --yes          with --reset: does not ask
  --corpus FILE  imports this file of articles after the start (JSON Lines, plain or gzip)
  --json         one JSON object per line instead of text, for programs
  --help         this text

Settings of the services are taken from the environment, for example LOG_LEVEL=debug.
`;

/**
 * Reads the command line. All faults are reported at once.
 *
 * @param cwd folder that relative paths are meant from
 * @param root folder of the clone
 */
export function parseCommand(
  args: readonly string[],
  {
    cwd,
    root,
    dataFromEnv,
    portFromEnv,
  }: {
    cwd: string;
    root: string;
    dataFromEnv?: string | undefined;
    portFromEnv?: string | undefined;
  },
): Command {
  const { values, tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: {
      port: { type: 'string' },
      data: { type: 'string' },
      corpus: { type: 'string' },
      reset: { type: 'boolean' },
      yes: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return { kind: 'help' };
  const faults = tokens.flatMap((token) => {
    if (token.kind === 'positional') return [`"${token.value}" is not an option: see --help.`];
    if (token.kind !== 'option') return [];
    if (!known.has(token.name)) return [`${token.rawName} is not an option: see --help.`];
    const value = token.value ?? '';
    if (withValue.has(token.name))
      return value === '' ? [`${token.rawName} needs a value: see --help.`] : [];
    return token.value === undefined ? [] : [`${token.rawName} takes no value, got "${value}".`];
  });
  const wanted = text(values.port) ?? nonEmpty(portFromEnv) ?? '8080';
  const port = Number(wanted);
  if (!Number.isInteger(port) || port < 1 || port > highestPort) {
    const named = text(values.port) === undefined ? 'NEWSCIENCE_PORT' : '--port';
    faults.push(`${named} should be a whole number from 1 to ${highestPort}, got "${wanted}".`);
  }
  if (values.yes === true && values.reset !== true) faults.push('--yes goes with --reset only.');
  if (faults.length > 0) return { kind: 'wrong', faults };
  const data = text(values.data) ?? nonEmpty(dataFromEnv);
  const corpus = text(values.corpus);
  return {
    kind: 'start',
    options: {
      port,
      dataDir: data === undefined ? join(root, '.newscience') : absolute(cwd, data),
      reset: values.reset === true,
      yes: values.yes === true,
      corpus: corpus === undefined ? undefined : absolute(cwd, corpus),
      json: values.json === true,
    },
  };
}

const withValue = new Set(['port', 'data', 'corpus']);
const known = new Set([...withValue, 'reset', 'yes', 'json', 'help']);

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function absolute(cwd: string, path: string): string {
  return isAbsolute(path) ? path : resolve(cwd, path);
}
