import { readFileSync, statSync } from 'node:fs';

import type { ConfigFault } from './config-fault.ts';
import { codeOf } from './error-text.ts';
import type { Result } from './result.ts';
import { err, ok } from './result.ts';

/** Longest file of a setting. A private key fits; what somebody named by mistake does not. */
const mostBytes = 64 * 1024;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The text of a setting: the variable `NAME`, or the content of the file that `NAME_FILE` names, as orchestrators
 * hand out secrets. White space at both ends of a file does not count. Undefined where neither is given.
 *
 * @param names the service's settings: where `NAME_FILE` is one of them, it names no file of `NAME`
 */
export function textOf(
  name: string,
  names: readonly string[],
  env: Environment,
): Result<string | undefined, ConfigFault> {
  const text = given(env[name]);
  const variable = `${name}_FILE`;
  const file = names.includes(variable) ? undefined : given(env[variable]);
  if (file === undefined) return ok(text);
  const fault = (problem: string, remedy: string) =>
    err({ name: variable, value: file, problem, remedy });
  if (text !== undefined) {
    return fault(`is set, and so is ${name}`, `Set either ${name} or ${variable}.`);
  }
  try {
    const found = statSync(file);
    if (!found.isFile()) return fault('names no file', 'Give the path of a file.');
    if (found.size > mostBytes) {
      return fault(`names a file of more than ${mostBytes} bytes`, `Name the file of ${name}.`);
    }
    const content = readFileSync(file, 'utf8').trim();
    if (content !== '') return ok(content);
    return fault('names a file that is empty', `Write the value of ${name} into it.`);
  } catch (error) {
    const reason = codeOf(error) || 'no code';
    return fault(
      `names a file that cannot be read (${reason})`,
      'Give the path of a file that this account may read.',
    );
  }
}

/** An empty variable counts as missing: orchestrators set what nobody gave. */
function given(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text;
}
