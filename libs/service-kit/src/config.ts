import { z } from 'zod';

import type { ConfigFault } from './config-fault.ts';
import { maskText, isSecretName } from './redaction.ts';
import type { Result } from './result.ts';
import { err, ok } from './result.ts';
import { Secret } from './secret.ts';
import { textOf } from './setting-file.ts';

export type { ConfigFault } from './config-fault.ts';

type SettingMeta = { remedy: string; secret: boolean };
const settings = z.registry<SettingMeta>();

/** One setting: reads text, trims it, and gives the value or says what is wrong with it. */
function setting<T>(meta: SettingMeta, parse: (text: string) => Result<T, string>) {
  return z
    .string()
    .transform((text, context): T => {
      const parsed = parse(text.trim());
      if (parsed.ok) return parsed.value;
      context.issues.push({ code: 'custom', message: parsed.error, input: text });
      return z.NEVER;
    })
    .register(settings, meta);
}

const plain = (remedy: string): SettingMeta => ({ remedy, secret: false });

/** A TCP port, 0 to 65535; 0 takes any free one. */
export const port = () =>
  integer({
    min: 0,
    max: 65_535,
    remedy: 'Give a port number from 0 (any free one) to 65535, such as 8080.',
  });

/** A whole number within bounds (both inclusive). */
export function integer({
  min = 0,
  max = Number.MAX_SAFE_INTEGER,
  remedy,
}: { min?: number; max?: number; remedy?: string } = {}) {
  return setting(plain(remedy ?? `Give a whole number from ${min} to ${max}.`), (text) => {
    if (!/^-?\d{1,16}$/.test(text)) return err('is not a whole number');
    const value = Number(text);
    return value >= min && value <= max ? ok(value) : err(`should be between [${min}, ${max}]`);
  });
}

/**
 * A URL with one of these schemes (`http` or `http:`), given back as it was written.
 * For a URL that carries a password prefer `secretUrl`.
 */
export function url(protocols: readonly string[]) {
  return setting(plain(urlRemedy(protocols)), (text) => parseUrl(text, protocols));
}

/** A URL that carries a password, such as that of a database: given back as a `Secret`. */
export function secretUrl(protocols: readonly string[]) {
  return setting({ remedy: urlRemedy(protocols), secret: true }, (text): Result<Secret, string> => {
    const parsed = parseUrl(text, protocols);
    return parsed.ok ? ok(new Secret(parsed.value)) : parsed;
  });
}

const scheme = (protocol: string): string => protocol.replace(/:?(\/\/)?$/, '');
const urlRemedy = (protocols: readonly string[]): string =>
  `Give a full URL that starts with ${protocols.map((protocol) => `${scheme(protocol)}://`).join(' or ')}.`;

function parseUrl(text: string, protocols: readonly string[]): Result<string, string> {
  const [parsed = null, ...others] = hostsApart(text).map((one) => URL.parse(one));
  if (parsed === null || others.includes(null)) return err('is not a URL');
  const allowed = protocols.map(scheme);
  return allowed.includes(scheme(parsed.protocol))
    ? ok(text)
    : err(`has a scheme other than ${allowed.join(', ')}`);
}

/** Kafka and PostgreSQL take several hosts, which no URL has: each is looked at as if it stood alone. */
function hostsApart(text: string): readonly string[] {
  const [, before = '', hosts = '', after = ''] =
    /^((?:kafka|postgres|postgresql):\/\/(?:[^/?#@]*@)?)([^/?#@]*)(.*)$/is.exec(text) ?? [];
  return hosts.includes(',') ? hosts.split(',').map((host) => before + host + after) : [text];
}

/** A secret of at least `minLength` characters (default 1), given back as a `Secret`. */
export function secret(minLength = 1) {
  return setting(
    { remedy: `Give a secret of at least ${minLength} characters.`, secret: true },
    (text) =>
      text.length >= minLength
        ? ok(new Secret(text))
        : err(`is shorter than ${minLength} characters`),
  );
}

const durationUnits = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** A span of time in milliseconds, written as `1500`, `1500ms`, `30s`, `5m`, `1h` or `2d`; 0 is allowed. */
export const durationMs = () =>
  scaled(
    durationUnits,
    'ms',
    'Give milliseconds, or a number with ms, s, m, h or d, such as 30s.',
    'is not a duration',
  );

const sizeUnits = new Map([
  ['b', 1],
  ['kb', 1024],
  ['mb', 1024 ** 2],
  ['gb', 1024 ** 3],
]);

/** A size in bytes, written as `1048576`, `64kb`, `1mb` or `1gb` (powers of 1024). */
export const bytes = () =>
  scaled(
    sizeUnits,
    'b',
    'Give bytes, or a number with kb, mb or gb, such as 1mb.',
    'is not a size',
  );

function scaled(units: ReadonlyMap<string, number>, bare: string, remedy: string, problem: string) {
  return setting(plain(remedy), (text) => {
    const match = /^(\d{1,16})\s*([a-z]*)$/i.exec(text);
    const unit = units.get((match?.[2] ?? '').toLowerCase() || bare);
    if (match === null || unit === undefined) return err(problem);
    const value = Number(match[1]) * unit;
    return Number.isSafeInteger(value) ? ok(value) : err('is too large');
  });
}

const onWords = new Set(['true', '1', 'on', 'yes']);
const offWords = new Set(['false', '0', 'off', 'no']);

/** A switch: true, 1, on, yes or false, 0, off, no. */
export function flag() {
  return setting(plain('Give true or false.'), (text) => {
    const word = text.toLowerCase();
    if (onWords.has(word)) return ok(true);
    return offWords.has(word) ? ok(false) : err('is neither true nor false');
  });
}

/** One of a closed list of words. */
export function oneOf<const W extends readonly string[]>(words: W) {
  return setting(plain(`Give one of ${words.join(', ')}.`), (text): Result<W[number], string> => {
    const word = words.find((candidate) => candidate === text);
    return word === undefined ? err('is not one of the known values') : ok(word);
  });
}

/** Any text that is not empty, at most `maxLength` characters (default 10,000). */
export function text(maxLength = 10_000) {
  return setting(plain(`Give a text of 1 to ${maxLength} characters.`), (value) =>
    value.length <= maxLength ? ok(value) : err(`is longer than ${maxLength} characters`),
  );
}

/** The settings that each service has. Spread them into the service's own: `z.object({ ...serviceSettings, … })`. */
export const serviceSettings = {
  HOST: text().default('127.0.0.1'),
  PORT: port(),
  LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  OTEL_EXPORTER_OTLP_ENDPOINT: url(['http', 'https']).optional(),
};

/**
 * Reads the settings that the schema names out of the environment. An empty variable counts as missing.
 * Each setting may come from a file instead, which `NAME_FILE` names (see `setting-file.ts`).
 * All faults are reported at once; no secret is ever part of one.
 */
export function readConfig<S extends z.ZodObject>(
  schema: S,
  env: Readonly<Record<string, string | undefined>>,
): Result<z.output<S>, ConfigFault[]> {
  const given: Record<string, string> = {};
  const fileFaults = new Map<string, ConfigFault>();
  const names = Object.keys(schema.shape);
  for (const name of names) {
    const found = textOf(name, names, env);
    if (!found.ok) fileFaults.set(name, found.error);
    else if (found.value !== undefined) given[name] = found.value;
  }
  const parsed = schema.safeParse(given);
  if (parsed.success && fileFaults.size === 0) return ok(parsed.data);
  const faults = (parsed.error?.issues ?? []).map((issue) => faultOf(schema, given, issue));
  // What could not be read is not missing besides.
  return err([...fileFaults.values(), ...faults.filter(({ name }) => !fileFaults.has(name))]);
}

function faultOf(
  schema: z.ZodObject,
  given: Record<string, string>,
  issue: z.core.$ZodIssue,
): ConfigFault {
  const name = String(issue.path[0] ?? '(settings)');
  const meta = metaOf(schema.shape[name]);
  const raw = given[name];
  const missing = raw === undefined && issue.path.length > 0;
  return {
    name,
    value: raw === undefined ? undefined : shown(name, raw, meta?.secret ?? false),
    problem: missing ? 'is missing' : issue.message,
    remedy: meta?.remedy ?? 'Correct this setting.',
  };
}

/** The setting inside `.default()` and `.optional()`. */
function metaOf(schema: unknown): SettingMeta | undefined {
  if (!(schema instanceof z.core.$ZodType)) return undefined;
  const wraps =
    schema instanceof z.core.$ZodDefault ||
    schema instanceof z.core.$ZodOptional ||
    schema instanceof z.core.$ZodNullable;
  return settings.get(schema) ?? (wraps ? metaOf(schema._zod.def.innerType) : undefined);
}

function shown(name: string, raw: string, isSecret: boolean): string {
  if (isSecret || isSecretName(name)) return '[hidden]';
  const masked = maskText(raw);
  // Something before an @ may be a password even where the text is not a URL at all.
  const safe = masked === raw ? raw.replace(/^.*@/s, '[hidden]@') : masked;
  return safe.length > 100 ? `${safe.slice(0, 100)}…` : safe;
}

/** The faults as text for a person: one line for what is wrong and one for what to do, each. */
export function describeFaults(faults: readonly ConfigFault[]): string {
  const count = faults.length === 1 ? '1 setting is wrong' : `${faults.length} settings are wrong`;
  const lines = faults.map(({ name, value, problem, remedy }) => {
    const given = value === undefined ? name : `${name}=${value}`;
    return `  ${given} ${problem}.\n    ${remedy}`;
  });
  return `${count}:\n${lines.join('\n')}`;
}
