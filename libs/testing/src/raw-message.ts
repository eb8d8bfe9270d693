/** The start line and fields of an HTTP/1.1 message exactly as they came, in order and case. */
export type RawHead = {
  startLine: string;
  fields: [name: string, value: string][];
  /** Everything up to and including the empty line. */
  text: string;
};

export type RawBody = {
  body: Buffer;
  trailers: [name: string, value: string][];
  /** False where the connection ended before the message did. */
  complete: boolean;
};

/** Values of all fields of that name, whatever their case, in order. */
export function valuesOf(head: { fields: readonly [string, string][] }, name: string): string[] {
  const wanted = name.toLowerCase();
  return head.fields.filter(([field]) => field.toLowerCase() === wanted).map(([, value]) => value);
}

/** The first field of that name, or undefined. */
export function valueOf(
  head: { fields: readonly [string, string][] },
  name: string,
): string | undefined {
  return valuesOf(head, name)[0];
}

/** @param text a head with its line ends, without the final empty line or with it */
export function parseHead(text: string): RawHead {
  const [startLine = '', ...lines] = text.split('\r\n').filter((line) => line !== '');
  return { startLine, fields: lines.map(parseField), text };
}

function parseField(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

/** Where a chunked body ends in the buffer, and what it holds. */
export type ChunkedState =
  { body: Buffer; trailers: [string, string][]; length: number } | 'partial';

/** Strict on purpose: a size that is no hexadecimal number throws. */
export function readChunked(buffer: Buffer): ChunkedState {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = buffer.indexOf('\r\n', at);
    if (lineEnd < 0) return 'partial';
    const line = buffer.toString('latin1', at, lineEnd);
    if (!/^[0-9a-f]+(?:;.*)?$/i.test(line)) throw new Error(`bad chunk size: ${line}`);
    const size = Number.parseInt(line, 16);
    at = lineEnd + 2;
    if (size === 0) return readTrailers(buffer, at, Buffer.concat(parts));
    if (buffer.length < at + size + 2) return 'partial';
    parts.push(buffer.subarray(at, at + size));
    at += size + 2;
  }
}

function readTrailers(buffer: Buffer, start: number, body: Buffer): ChunkedState {
  if (buffer.toString('latin1', start, start + 2) === '\r\n') {
    return { body, trailers: [], length: start + 2 };
  }
  const end = buffer.indexOf('\r\n\r\n', start);
  if (end < 0) return 'partial';
  const lines = buffer.toString('latin1', start, end).split('\r\n');
  return { body, trailers: lines.map(parseField), length: end + 4 };
}
