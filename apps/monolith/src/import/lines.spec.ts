import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { splitLines } from './lines.ts';

async function split(chunks: Buffer[], maxBytes = 1000): Promise<string[]> {
  const found: string[] = [];
  async function* stream() {
    await Promise.resolve();
    yield* chunks;
  }
  for await (const raw of splitLines(stream(), maxBytes)) {
    found.push(raw.kind === 'line' ? raw.bytes.toString() : `too long: ${raw.length}`);
  }
  return found;
}

const of = (...texts: string[]) => texts.map((text) => Buffer.from(text));

describe('lines of a stream', () => {
  it.each([
    ['nothing', [], []],
    ['an empty chunk', [''], []],
    ['no line feed at the end', ['a\nb'], ['a', 'b']],
    ['one at the end', ['a\nb\n'], ['a', 'b']],
    ['blank lines', ['\n\na\n\n'], ['', '', 'a', '']],
    ['chunks across lines', ['a', 'b\nc', '', '\n', 'd'], ['ab', 'c', 'd']],
    ['carriage returns stay', ['a\r\nb'], ['a\r', 'b']],
  ])('%s', async (_name, chunks, lines) => {
    expect(await split(of(...chunks))).toEqual(lines);
  });

  it('are the same however the chunks are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', 'é', '\n', '𐌀', 'long'), { maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        async (letters, cuts) => {
          const whole = Buffer.from(letters.join(''));
          const chunks: Buffer[] = [];
          for (let at = 0; at < whole.length;) {
            const end = at + (cuts[at % cuts.length] ?? 1);
            chunks.push(whole.subarray(at, end));
            at = end;
          }
          const wanted = letters.join('').split('\n');
          if (wanted.at(-1) === '') wanted.pop();
          expect(await split(chunks)).toEqual(wanted);
        },
      ),
    );
  });

  it('may have the largest size and not one byte more', async () => {
    expect(await split(of('12345\n123456\n1\n'), 5)).toEqual(['12345', 'too long: 6', '1']);
    expect(await split(of('123', '45', '6', '7\n1'), 5)).toEqual(['too long: 7', '1']);
  });

  it('of 50 MB are counted and not held', async () => {
    const chunk = Buffer.alloc(16_384, 'x');
    const given: WeakRef<ArrayBufferLike>[] = [];
    const held: number[] = [];
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    if (typeof collect !== 'function') throw new Error('no gc');
    const gc = (): void => void Reflect.apply(collect, undefined, []);
    async function* stream() {
      for (let sent = 0; sent < 50_000_000; sent += chunk.length) {
        const copy = Buffer.from(chunk);
        given.push(new WeakRef(copy.buffer));
        yield copy;
        if (sent % (chunk.length * 256) > 0) continue;
        await new Promise(setImmediate);
        gc();
        held.push(given.filter((one) => one.deref() !== undefined).length);
      }
      yield Buffer.from('\nnext');
    }
    const found: unknown[] = [];
    for await (const raw of splitLines(stream(), 4_194_304)) {
      found.push(raw.kind === 'line' ? raw.bytes.toString() : [raw.length, raw.start.length]);
    }
    expect(found).toEqual([[50_003_968, 200], 'next']);
    expect(held.length).toBeGreaterThan(10);
    // 256 chunks are the limit; once it is passed, only what the collector has not got to yet.
    expect(Math.max(...held)).toBeLessThanOrEqual(280);
    expect(held.at(-1)).toBeLessThanOrEqual(24);
  });
});
