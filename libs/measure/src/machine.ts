import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem, type } from 'node:os';

/** Where figures were measured: without it a figure means nothing. */
export type Machine = {
  cpu: string;
  cores: number;
  memoryBytes: number;
  system: string;
  /** Node first, then whatever took part; a part that was missing says so here. */
  versions: Record<string, string>;
};

export function describeMachine(versions: Readonly<Record<string, string>> = {}): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    versions: { node: process.versions.node, ...versions },
  };
}

/**
 * The first version number that a command prints, or undefined where it is not installed.
 *
 * @param args e.g. `['-v']`
 */
export function commandVersion(command: string, args: readonly string[]): string | undefined {
  try {
    const printed = execFileSync('sh', ['-c', '"$0" "$@" 2>&1', command, ...args], {
      encoding: 'utf8',
      timeout: 5_000,
    });
    return /\d+(?:\.\d+)+/.exec(printed)?.[0];
  } catch {
    return undefined;
  }
}
