const hidden = '[hidden]';
const deepest = 6;

/** Field and variable names whose values are never shown. `csrf_token` and `x-api-key` are among them. */
const secretName =
  /passw|pwd|secret|token|authorization|cookie|credential|api[-_]?key|private[-_]?key|signing[-_]?key|csrf|session[-_]?id/i;
const userInfo = /(:\/\/)[^\s/?#]*@/g;
const urlParameter = /([?&][^=&#\s]*(?:passw|secret|token|key)[^=&#\s]*=)[^&#\s]*/gi;

/** Whether a field of this name is never shown. */
export const isSecretName = (name: string): boolean => secretName.test(name);

/** The text without user names and passwords inside URLs. */
export const maskText = (text: string): string =>
  text.includes('://')
    ? text.replace(userInfo, `$1${hidden}@`).replace(urlParameter, `$1${hidden}`)
    : text;

/**
 * A copy of plain data in which secret fields read `[hidden]`, down to six levels. Errors and objects that
 * say themselves how they are serialised (`toJSON`) stay as they are.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return maskText(value);
  if (value instanceof URL) return maskText(value.href);
  if (typeof value !== 'object' || value === null || value instanceof Error) return value;
  if ('toJSON' in value || ArrayBuffer.isView(value)) return value;
  if (depth >= deepest) return '[deeper]';
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, maskField(name, item, depth + 1)]),
  );
}

/** One field of an object, hidden when its name says that it is secret. */
export function maskField(name: string, value: unknown, depth = 0): unknown {
  if (value === undefined || value === null || !isSecretName(name)) return redact(value, depth);
  return hidden;
}
