/** A line of an `.env` file: `NAME=value`, the value bare or in single quotes, as compose reads it. */
const line = /^\s*([A-Z][A-Z0-9_]*)\s*=\s*(?:'([^']*)'|([^\s'"#]*))\s*$/;

/** The variables of an `.env` file. What is no such line is passed over. */
export function parseEnvFile(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const each of text.split(/\r?\n/)) {
    const [, name, quoted, bare] = line.exec(each) ?? [];
    if (name !== undefined) found.set(name, quoted ?? bare ?? '');
  }
  return found;
}

/**
 * An `.env` file with these variables, below a comment.
 * @throws RangeError for a value with a quote or a line break, which such a file cannot hold as it is
 */
export function formatEnvFile(comment: string, values: ReadonlyMap<string, string>): string {
  const lines = [...values].map(([name, value]) => {
    if (/['\r\n\0]/.test(value)) throw new RangeError(`${name} cannot stand in an .env file`);
    return /^[\w.~-]*$/.test(value) ? `${name}=${value}` : `${name}='${value}'`;
  });
  return `${comment.replaceAll(/^/gm, '# ')}\n${lines.join('\n')}\n`;
}
