/**
 * Fields that belong to one connection (RFC 9110, 7.6.1, and the older list of RFC 2616, 13.5.1) and
 * are never passed on. `Trailer` is not among them: it describes a trailer section, which is passed on
 * with an answer and dropped from a request.
 */
export const hopByHop: readonly string[] = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
];

/**
 * The fields a `Connection` field names in lower case, or undefined where it names none, which is
 * nearly always.
 */
export function fieldsNamedBy(connection: string): string[] | undefined {
  if (connection === 'keep-alive' || connection === 'close' || connection === 'Keep-Alive') {
    return undefined;
  }
  const names = connection
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'keep-alive' && name !== 'close');
  return names.length === 0 ? undefined : names;
}

/** Takes the named fields out of a flat list of names and values. */
export function withoutFields(fields: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? '';
    if (!names.has(name.toLowerCase())) kept.push(name, fields[at + 1] ?? '');
  }
  return kept;
}
