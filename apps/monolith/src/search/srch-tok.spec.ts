import { describe, expect, it } from '@jest/globals';

import { tokWrd, wgtWrd } from './srch-tok.ts';

describe('words of a text', () => {
  it.each([
    ['CO₂ and 10⁵', ['co2', '105']],
    ["Darwin's finches", ['darwin', 'finch']],
    ['Darwin’s finches', ['darwin', 'finch']],
    ['The running of the runners', ['run', 'runner']],
    ['ﬁssion ＦＵＬＬ', ['fission', 'full']],
    ['Café Erdős', ['café', 'erdős']],
    ['量子 コンピュータ', ['量子', 'コンピュータ']],
    ['SARS-CoV-2', ['sar', 'cov', '2']],
    ['', []],
    ['the of and', []],
    ['%_\\\'";--\u0000\ud800', []],
  ])('%j is %j', (txt, wrds) => {
    expect(tokWrd(txt)).toEqual(wrds);
  });

  it('cuts what no index entry could hold, and never within a character', () => {
    expect(tokWrd('x'.repeat(100_000))).toEqual(['x'.repeat(64)]);
    const [wrd] = tokWrd(`a${'𝒳'.repeat(40)}𐌀`.repeat(2));
    expect(wrd?.isWellFormed()).toBe(true);
    const [cut] = tokWrd(`a${'𐌀'.repeat(40)}`);
    expect(cut?.isWellFormed()).toBe(true);
  });
});

describe('weights of words', () => {
  it('count a word of the title twice', () => {
    const { wrds, wgts } = wgtWrd('Comet', 'asteroid');
    expect(wrds).toEqual(['comet', 'asteroid']);
    const [ttl = 0, bdy = 0] = wgts;
    expect(ttl / bdy).toBeCloseTo(1 + Math.log(2), 3);
  });

  it('count less in a longer article, and are whole numbers of at least 1', () => {
    const [shrt = 0] = wgtWrd('', 'comet').wgts;
    const [lng = 0] = wgtWrd('', `comet ${'asteroid '.repeat(99)}`).wgts;
    expect(lng).toBe(Math.round(shrt / 10));
    expect(wgtWrd('', Array.from({ length: 90_000 }, (_, n) => `w${n}`).join(' ')).wgts).toContain(
      33,
    );
  });

  it('are none for an article without words', () => {
    expect(wgtWrd('?', '!')).toEqual({ wrds: [], wgts: [] });
  });
});
