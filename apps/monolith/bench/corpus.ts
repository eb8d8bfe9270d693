import { createReadStream, existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

import { readLine, type ImpLine } from '../src/import/line.ts';

export type Corpus = { articles: ImpLine[]; from: string };

const files = ['articles', 'arxiv-abstracts', 'nsf-abstracts'];

/**
 * So many articles: real ones as far as this machine has them, made ones for the rest; `from` says so. In
 * an order that mixes long articles and short abstracts evenly, so that a cost over sizes is one of the
 * number of articles and not of their length. The same every time.
 */
export async function readCorpus(wanted: number): Promise<Corpus> {
  const all: { name: string; article: ImpLine }[] = [];
  for (const name of files) {
    const file = resolve(import.meta.dirname, `../../../../shared/data/${name}.jsonl.gz`);
    if (!existsSync(file)) continue;
    const text = createInterface({ input: createReadStream(file).pipe(createGunzip()) });
    for await (const json of text) {
      const line = readLine(json, new Date());
      if (line.ok) all.push({ name, article: line.value });
    }
  }
  for (let n = all.length; n < wanted; n += 1) all.push({ name: 'made', article: madeArticle(n) });
  const mixed = shuffled(all).slice(0, wanted);
  const shares = Map.groupBy(mixed, ({ name }) => name);
  return {
    articles: mixed.map(({ article }) => article),
    from: [...shares].map(([name, of]) => `${of.length} ${name}`).join(' + '),
  };
}

function shuffled<T>(items: readonly T[]): T[] {
  const chance = createChance(1);
  return items
    .map((item) => ({ item, key: chance() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

/** Numbers from 0 to 1 that look like chance and are the same for the same seed. */
function createChance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Words as frequent as in a language (Zipf), 2,000 to 4,000 characters; the same for the same number. */
function madeArticle(n: number): ImpLine {
  const chance = createChance(n + 1);
  const word = (): string => `w${Math.floor(30_000 ** chance()).toString(36)}`;
  const words = (count: number): string => Array.from({ length: count }, word).join(' ');
  return {
    put: {
      artRef: `made-${n}`,
      ttl: words(8),
      bdy: words(400 + Math.floor(400 * chance())),
      auts: ['Nobody'],
      tops: [],
    },
    sectNm: 'Made',
    pubTs: new Date(Date.UTC(2010, 0, 1 + (n % 3650))),
    ignored: [],
  };
}
