import { mkdtempSync, rmSync, truncateSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';

import { openSource, SourceDamaged } from './source.ts';

const folder = mkdtempSync(join(tmpdir(), 'newscience-source-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Lines up to the end or the damage, and the damage. */
async function read(path: string): Promise<{ lines: string[]; damage: string | null }> {
  const source = await openSource(path);
  if (!source.ok) throw new Error(source.error);
  const lines: string[] = [];
  try {
    for await (const raw of source.value.lines()) {
      lines.push(raw.kind === 'line' ? raw.bytes.toString() : `too long: ${raw.length}`);
    }
  } catch (error) {
    if (!(error instanceof SourceDamaged)) throw error;
    return { lines, damage: error.message };
  }
  expect(source.value.readBytes()).toBe(source.value.size);
  return { lines, damage: null };
}

const many = Array.from({ length: 20_000 }, (_, n) => `line ${n} ${(n * 7919) % 104_729}`);
const text = `${many.join('\n')}\n`;

describe('the file of an import', () => {
  it('is read plain or gzip, whatever its name says', async () => {
    const whole = { lines: many, damage: null };
    expect(await read(file('plain.gz', text))).toEqual(whole);
    expect(await read(file('packed.jsonl', gzipSync(text)))).toEqual(whole);
    const members = Buffer.concat([gzipSync('a\nb'), gzipSync('c\nd\n')]);
    expect(await read(file('members.gz', members))).toEqual({
      lines: ['a', 'bc', 'd'],
      damage: null,
    });
  });

  it('may be empty', async () => {
    expect(await read(file('empty', ''))).toEqual({ lines: [], damage: null });
    expect(await read(file('empty.gz', gzipSync('')))).toEqual({ lines: [], damage: null });
  });

  it.each([0.3, 0.7, 0.999])(
    'gives every whole line before a cut at %d of a gzip',
    async (part) => {
      const packed = gzipSync(text);
      const path = file('cut.gz', packed);
      truncateSync(path, Math.floor(packed.length * part));
      const { lines, damage } = await read(path);
      expect(damage).toBe('the gzip file ends too early: it is not complete');
      expect(lines).toEqual(many.slice(0, lines.length));
      expect(lines.length).toBeGreaterThan(many.length * (part - 0.1));
    },
  );

  it('says so when a gzip is damaged in the middle, or at its checksum', async () => {
    const packed = gzipSync(text);
    const broken = Buffer.from(packed);
    broken.fill(0xff, 30_000, 30_100);
    const middle = await read(file('broken.gz', broken));
    expect(middle.damage).toMatch(/^the gzip file is damaged/);
    // What comes out behind the damage is noise, which no line check lets pass.
    expect(middle.lines.slice(0, 5_000)).toEqual(many.slice(0, 5_000));
    const checksum = Buffer.from(packed);
    checksum.fill(0, packed.length - 8, packed.length - 4);
    expect((await read(file('sum.gz', checksum))).damage).toMatch(/incorrect data check/);
  });

  it.each([
    ['x.zip', Buffer.from('PK\u0003\u0004rest'), /is a zip archive\. Unpack it/],
    ['x.zst', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1]), /compressed with zstd/],
    ['x.txt', Buffer.from('\ufeffabc', 'utf16le'), /encoded in UTF-16/],
  ])('is refused when it is something else: %s', async (name, content, reason) => {
    const opened = await openSource(file(name, content));
    expect(opened.ok ? '' : opened.error).toMatch(reason);
  });

  it('is refused when it is not there or no file', async () => {
    for (const path of [join(folder, 'missing'), folder]) {
      const opened = await openSource(path);
      expect(opened.ok).toBe(false);
    }
  });

  it('of a thousandfold compression is not unpacked at once', async () => {
    const path = file('bomb.gz', gzipSync(Buffer.alloc(200_000_000, 0x20)));
    expect(readFileSync(path).length).toBeLessThan(300_000);
    const before = process.memoryUsage().arrayBuffers;
    const { lines } = await read(path);
    expect(lines).toEqual(['too long: 200000000']);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(150_000_000);
  });
});
