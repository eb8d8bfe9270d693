import { isError } from './error-text.ts';

const hidden = '[hidden]';
const deepest = 6;
const longest = 100;

/** Field and variable names whose values are never shown. `csrf_token` and `x-api-key` are among them. */
const secretName =
  /passw|pwd|secret|token|authorization|cookie|credential|api[-_]?key|private[-_]?key|signing[-_]?key|csrf|session[-_]?id/i;
// Quotes end it: it is also applied to whole lines of JSON.
const userInfo = /(:\/\/)[^\s/?#"\\]*@/g;
const urlParameter = /([?&][^=&#\s]*(?:passw|secret|token|key)[^=&#\s]*=)[^&#\s"\\]*/gi;

/** Field names come again with each line of the log. Names that clients invent must not fill the memory. */
const knownNames = new Map<string, boolean>();
const mostNames = 1000;

/** Whether a field of this name is never shown. */
export function isSecretName(name: string): boolean {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  const isSecret = secretName.test(name);
  if (knownNames.size < mostNames) knownNames.set(name, isSecret);
  return isSecret;
}

/** The text without the user names, passwords and secret parameters of the URLs in it. */
export function maskText(text: string): string {
  // Each line of the log comes through here: most have no URL, and most URLs have nothing to hide.
  if (!text.includes('://')) return text;
  const masked = text.includes('@') ? text.replace(userInfo, `$1${hidden}@`) : text;
  return masked.includes('=') ? masked.replace(urlParameter, `$1${hidden}`) : masked;
}

/**
 * A copy of plain data for the log: secret fields read `[hidden]`, errors become objects, and what is deeper
 * than six levels or longer than a hundred entries is left out. Objects that say themselves how they are
 * serialised (`toJSON`) stay as they are.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return maskText(value);
  if (value instanceof URL) return maskText(value.href);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= deepest) return '[deeper]';
  if (isError(value)) return redactError(value, depth);
  if ('toJSON' in value || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.slice(0, longest).map((item) => redact(item, depth + 1));
  return redactFields(value, depth);
}

function redactFields(value: object, depth: number): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  let count = 0;
  for (const [name, item] of Object.entries(value)) {
    if (count === longest) break;
    count += 1;
    // Assigning this one would change what the copy is, and not what it has.
    if (name !== '__proto__') shown[name] = maskField(name, item, depth + 1);
  }
  return shown;
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const { name: type, message, stack, cause } = error;
  return {
    type,
    message: maskText(message),
    ...redactFields(error, depth),
    ...(stack === undefined ? {} : { stack: maskText(stack) }),
    ...(cause === undefined ? {} : { cause: redact(cause, depth + 1) }),
    ...('errors' in error ? { errors: redact(error.errors, depth + 1) } : {}),
  };
}

/** One field of an object, hidden when its name says that it is secret. */
export function maskField(name: string, value: unknown, depth = 0): unknown {
  if (value === undefined || value === null || !isSecretName(name)) return redact(value, depth);
  return hidden;
}
