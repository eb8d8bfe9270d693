import { describe, expect, it } from '@jest/globals';
import { blocksOf, minutesOf } from './paragraphs.ts';

const kinds = (body: string) => blocksOf(body).map(({ kind }) => kind);

describe('a body', () => {
  it('is split at blank lines, also those with spaces in them, and keeps line breaks within', () => {
    expect(blocksOf('One\nand a half.\n \n\nTwo.\n')).toEqual([
      { kind: 'text', text: 'One\nand a half.' },
      { kind: 'text', text: 'Two.' },
    ]);
    expect(blocksOf('  \n\n ')).toEqual([]);
  });

  it('has a heading where a short line stands alone and does not end like a sentence', () => {
    for (const heading of [
      'Materials and methods',
      'What does it show?',
      '3 ways out',
      'Über uns',
    ]) {
      expect({ heading, kinds: kinds(`Text.\n\n${heading}\n\nText.`) }).toEqual({
        heading,
        kinds: ['text', 'heading', 'text'],
      });
    }
  });

  it.each([
    ['a sentence', 'It ends like one.'],
    ['a quotation', 'He said “no”'],
    ['an introduction of a list', 'These are:'],
    ['a line in small letters', 'and so on'],
    ['two lines', 'One line\nand another'],
    ['a long line', 'A'.repeat(91)],
  ])('does not take %s for a heading', (_what, text) => {
    expect(kinds(`Text.\n\n${text}\n\nText.`)).toEqual(['text', 'text', 'text']);
  });

  it('begins and ends with text', () => {
    expect(kinds('Short\n\nMiddle\n\nShort')).toEqual(['text', 'heading', 'text']);
  });

  it('splits half a megabyte of blanks without delay', () => {
    expect(blocksOf(`${' '.repeat(250_000)}\n\t`.repeat(2))).toEqual([]);
  });
});

describe('minutes to read', () => {
  it('are at least one', () => {
    expect(minutesOf('')).toBe(1);
    expect(minutesOf('word '.repeat(230 * 4))).toBe(4);
  });
});
