import { err, ok, type Result } from '@newscience/service-kit/result';
import { z } from 'zod';

import {
  fewestCharacters,
  newSecret,
  prefix,
  secretNames,
  type SecretName,
  type Secrets,
} from './secret-list.ts';

const anOrigin = z.enum(['environment', 'file', 'vault', 'new']);
const eachName = z.enum(secretNames);
const allSecrets = z.record(eachName, z.string());
const allOrigins = z.record(eachName, anOrigin);

/** Where a secret was found, the first of them first. */
export type Origin = z.output<typeof anOrigin>;

export type Sources = {
  /** `NEWSCIENCE_SECRET_…`: what somebody gave to compose. An empty one counts as not given. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The `.env` file on the host, with the same names. */
  readonly file: ReadonlyMap<string, string>;
  /** What the stack's own volume has kept, with the same names. */
  readonly vault: ReadonlyMap<string, string>;
};

export type Settled = {
  readonly secrets: Secrets;
  readonly origins: Readonly<Record<SecretName, Origin>>;
};

/**
 * The value of each secret: given, kept, or made now. What is wrong with given ones is told all at once; no value
 * is ever part of that.
 */
export function settleSecrets(sources: Sources, make = newSecret): Result<Settled, string[]> {
  const [secrets, origins] = [new Map<SecretName, string>(), new Map<SecretName, Origin>()];
  const faults: string[] = [];
  for (const name of secretNames) {
    const [origin, value] = find(sources, name) ?? ['new', make(name)];
    const problem = faultOf(value, fewestCharacters(name));
    if (problem !== undefined) faults.push(`${prefix}${name} (from the ${origin}) ${problem}`);
    secrets.set(name, value);
    origins.set(name, origin);
  }
  if (faults.length > 0) return err(faults);
  return ok({
    secrets: allSecrets.parse(Object.fromEntries(secrets)),
    origins: allOrigins.parse(Object.fromEntries(origins)),
  });
}

function find(
  { environment, file, vault }: Sources,
  name: SecretName,
): [Origin, string] | undefined {
  const variable = `${prefix}${name}`;
  const candidates: [Origin, string | undefined][] = [
    ['environment', environment[variable]],
    ['file', file.get(variable)],
    ['vault', vault.get(variable)],
  ];
  for (const [origin, value] of candidates)
    if (value !== undefined && value !== '') return [origin, value];
  return undefined;
}

function faultOf(value: string, fewest: number): string | undefined {
  if (value.length < fewest) return `is shorter than ${fewest} characters: give a longer one`;
  if (/['\p{Cc}]/u.test(value)) return 'has a quote or a control character: leave it out';
  return undefined;
}
