import { stemmer } from 'stemmer';

/** Words that say nothing about an article. They are neither indexed nor looked for. */
const STOP_WORDS = new Set(
  (
    'a about above after again all also am an and any are as at be because been before being between both but by ' +
    'can could did do does doing down during each few for from further had has have having he her here hers him ' +
    'his how i if in into is it its just may me might more most my no nor not now of off on once only or other ' +
    'our ours out over own same she should so some such than that the their theirs them then there these they ' +
    'this those through to too under until up us very was we were what when where which while who whom why will ' +
    'with would you your yours'
  ).split(' '),
);

/** Longer words are cut: nobody types them, and an index entry has a size limit. In characters. */
const MAX_WORD = 64;

const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;
const POSSESSIVE = /['’]s(?![\p{L}\p{N}])/gu;
const ASCII_LETTERS = /^[a-z]+$/;

/**
 * The words of a text as they are indexed: folded with NFKC (CO₂ becomes co2), lower case, possessive
 * endings and stop words dropped, English words reduced to their Porter stem. In text order, with repeats.
 */
export function tokWrd(txt: string): string[] {
  const fld = txt.normalize('NFKC').toLowerCase().replace(POSSESSIVE, '');
  const wrds: string[] = [];
  for (const [raw] of fld.matchAll(WORD)) {
    if (STOP_WORDS.has(raw)) continue;
    const wrd = raw.length > MAX_WORD ? raw.slice(0, MAX_WORD).toWellFormed() : raw;
    wrds.push(ASCII_LETTERS.test(wrd) ? stemmer(wrd) : wrd);
  }
  return wrds;
}

/** How much more a word of the title counts than one of the body. */
export const TTL_WGT = 2;

/** Weights are whole numbers, so that sums and cursors are exact whatever order the rows come in. */
const WGT_SCALE = 10_000;

/**
 * What each word of an article weighs: `(1 + ln tf) / sqrt(words)`, title words counted {@link TTL_WGT}
 * times, scaled to whole numbers of at least 1.
 */
export function wgtWrd(ttl: string, bdy: string): { wrds: string[]; wgts: number[] } {
  const cnt = new Map<string, number>();
  let len = 0;
  const add = (txt: string, by: number): void => {
    for (const wrd of tokWrd(txt)) {
      cnt.set(wrd, (cnt.get(wrd) ?? 0) + by);
      len += by;
    }
  };
  add(ttl, TTL_WGT);
  add(bdy, 1);
  const norm = WGT_SCALE / Math.sqrt(Math.max(len, 1));
  const wgts = [...cnt.values()].map((tf) => Math.max(1, Math.round((1 + Math.log(tf)) * norm)));
  return { wrds: [...cnt.keys()], wgts };
}
