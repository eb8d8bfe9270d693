import { createReadStream, type ReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { err, ok, type Result } from '@newscience/service-kit/result';

import { splitLines, type RawLine } from './lines.ts';

/** Longest line in bytes: a body of 512 KB takes at most six times that when every byte of it is escaped. */
export const MAX_LINE_BYTES = 4 * 1024 * 1024;

/** Read at once, in bytes. Small, because compressed data may grow a thousandfold. */
const CHUNK_BYTES = 16 * 1024;

/** The file ended early or is not what it says; the lines before were good. */
export class SourceDamaged extends Error {}

export type Source = {
  /** Size of the file in bytes, compressed where it is. */
  size: number;
  /** Changes when the file does. */
  changedMs: number;
  compressed: boolean;
  /** Bytes of the file read so far. */
  readBytes: () => number;
  /** Once only. Throws `SourceDamaged`. */
  lines: () => AsyncGenerator<RawLine>;
};

const GZIP = [0x1f, 0x8b];
const OTHERS: readonly (readonly [name: string, magic: readonly number[], remedy: string])[] = [
  ['a zip archive', [0x50, 0x4b, 0x03, 0x04], 'Unpack it first.'],
  ['compressed with zstd', [0x28, 0xb5, 0x2f, 0xfd], 'Decompress it, or use gzip.'],
  ['compressed with xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a], 'Decompress it, or use gzip.'],
  ['compressed with bzip2', [0x42, 0x5a, 0x68], 'Decompress it, or use gzip.'],
  ['encoded in UTF-16', [0xff, 0xfe], 'Encode it as UTF-8.'],
  ['encoded in UTF-16', [0xfe, 0xff], 'Encode it as UTF-8.'],
];

/** Opens a file of JSON Lines, plain or gzip by its first bytes, whatever its name. The error is a sentence. */
export async function openSource(file: string): Promise<Result<Source, string>> {
  let head: Buffer;
  let info: Awaited<ReturnType<typeof stat>>;
  try {
    info = await stat(file);
    if (!info.isFile()) return err(`${file} is no file. Name a file of JSON Lines, plain or gzip.`);
    head = await firstBytes(file);
  } catch (error) {
    return err(`${file} cannot be read (${codeOf(error)}). Check its name and its permissions.`);
  }
  const other = OTHERS.find(([, magic]) => begins(head, magic));
  if (other !== undefined) return err(`${file} is ${other[0]}. ${other[2]}`);
  const compressed = begins(head, GZIP);
  let stream: ReadStream | undefined;
  return ok({
    size: info.size,
    changedMs: info.mtimeMs,
    compressed,
    readBytes: () => stream?.bytesRead ?? 0,
    lines: () => {
      stream = createReadStream(file, { highWaterMark: CHUNK_BYTES });
      return splitLines(compressed ? gunzipped(stream) : guarded(stream), MAX_LINE_BYTES);
    },
  });
}

async function firstBytes(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(8), 0, 8, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function* guarded(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* chunks;
  } catch (error) {
    throw new SourceDamaged(`the file cannot be read any further (${codeOf(error)})`);
  }
}

/**
 * Decompresses chunk by chunk. A pipe would drop what it had decompressed when the end is missing; here
 * every whole line before the damage comes out first.
 */
async function* gunzipped(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  const ready: Buffer[] = [];
  let failure: Error | undefined;
  gunzip.on('data', (data: Buffer) => ready.push(data));
  gunzip.on('error', (error) => (failure = error));
  const closed = new Promise<void>((resolve) => gunzip.once('close', resolve));
  try {
    for await (const chunk of guarded(chunks)) {
      await Promise.race([new Promise((resolve) => gunzip.write(chunk, resolve)), closed]);
      yield* ready.splice(0);
      if (failure !== undefined) break;
    }
    gunzip.end();
    await closed;
    yield* ready.splice(0);
    if (failure !== undefined) throw new SourceDamaged(damage(failure));
  } finally {
    gunzip.destroy();
  }
}

function damage(error: Error): string {
  const early = 'code' in error && error.code === 'Z_BUF_ERROR';
  return early
    ? 'the gzip file ends too early: it is not complete'
    : `the gzip file is damaged (${error.message})`;
}

const begins = (head: Buffer, magic: readonly number[]): boolean =>
  magic.every((byte, index) => head[index] === byte);

/** The code of a system error, or what it says. */
export function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error) return String(error.code);
  return String(error);
}
