/** A line of a file, without its line feed; one over the limit is only counted, never held. */
export type RawLine =
  { kind: 'line'; bytes: Buffer } | { kind: 'too-long'; length: number; start: Buffer };

const LF = 0x0a;

/** How much of an overlong line is kept for the report, in bytes. */
const START_KEPT = 200;

/**
 * Splits a stream into lines. What it holds is bounded by `maxBytes` and one chunk, whatever comes.
 * The last line needs no line feed; an empty stream has no line.
 * @param maxBytes longest line, without its line feed
 */
export async function* splitLines(
  chunks: AsyncIterable<Buffer>,
  maxBytes: number,
): AsyncGenerator<RawLine> {
  let parts: Buffer[] = [];
  let length = 0;
  let start: Buffer | undefined;

  const take = (part: Buffer): void => {
    length += part.length;
    if (start !== undefined) return;
    parts.push(part);
    if (length <= maxBytes) return;
    start = Buffer.from(Buffer.concat(parts).subarray(0, START_KEPT));
    parts = [];
  };
  const line = (): RawLine => {
    const done: RawLine =
      start === undefined
        ? {
            kind: 'line',
            bytes: parts.length === 1 ? (parts[0] ?? Buffer.alloc(0)) : Buffer.concat(parts),
          }
        : { kind: 'too-long', length, start };
    parts = [];
    length = 0;
    start = undefined;
    return done;
  };

  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, from)) {
      take(chunk.subarray(from, at));
      yield line();
      from = at + 1;
    }
    if (from < chunk.length) take(chunk.subarray(from));
  }
  if (length > 0) yield line();
}
