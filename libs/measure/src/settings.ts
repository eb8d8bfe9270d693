import type { Settable } from './benchmark.ts';

/** Names and values as they were written on the command line. */
export type Settings = Readonly<Record<string, string>>;

export type Values = {
  parameter: (name: string) => number;
  choice: (name: string) => string;
};

/**
 * Checks what was given against what is declared; what was not given has its default.
 *
 * @throws Error naming each name that is not declared and each value that does not fit
 */
export function readSettings(declared: Settable, given: Settings): Values {
  const { parameters = {}, choices = {} } = declared;
  const faults = Object.entries(given).flatMap(([name, value]) => {
    const choice = choices[name];
    if (choice !== undefined)
      return choice.oneOf.includes(value)
        ? []
        : [`${name} should be ${choice.oneOf.join(' or ')}, got ${value}`];
    if (parameters[name] !== undefined)
      return /^-?\d+(\.\d+)?$/.test(value) ? [] : [`${name} should be a number, got ${value}`];
    return [unknown(name, declared)];
  });
  if (faults.length > 0) throw new Error(faults.join('; '));
  const known = <T>(name: string, from: Readonly<Record<string, T>>): T => {
    const entry = from[name];
    if (entry === undefined) throw new Error(unknown(name, declared));
    return entry;
  };
  return {
    parameter: (name) => Number(given[name] ?? known(name, parameters).default),
    choice: (name) => given[name] ?? known(name, choices).default,
  };
}

function unknown(name: string, { parameters = {}, choices = {} }: Settable): string {
  const names = Object.keys({ ...parameters, ...choices }).join(', ') || 'none';
  return `no parameter is called ${name}; declared: ${names}`;
}

const ownOptions = new Set(['json', 'strict', 'rounds', 'set', 'help']);

/**
 * Lets parameters be written like options: `--kills 200` and `--kills=200` become `--set kills=200`. An option
 * of the runner itself stays what it is.
 */
export function spellOutSettings(argv: readonly string[]): string[] {
  const spelled: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    const [, name, , joined] = /^--([a-z][\w-]*)(=(.*))?$/.exec(word) ?? [];
    if (name === undefined || ownOptions.has(name)) {
      spelled.push(word);
      // The value of an option is not looked at.
      if ((word === '--set' || word === '--rounds') && at + 1 < argv.length)
        spelled.push(argv[(at += 1)] ?? '');
      continue;
    }
    if (joined === undefined) at += 1;
    spelled.push('--set', `${name}=${joined ?? argv[at] ?? ''}`);
  }
  return spelled;
}
