import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { diffOf } from './paragraph-diff.ts';

const text = (...paragraphs: string[]) => paragraphs.join('\n\n');

describe('the difference of two texts', () => {
  it('is by paragraphs, line ends aside', () => {
    expect(diffOf(text('A', 'B', 'C'), 'A\r\n\r\nX\r\n\r\nC')).toEqual([
      { kind: 'same', text: 'A' },
      { kind: 'gone', text: 'B' },
      { kind: 'new', text: 'X' },
      { kind: 'same', text: 'C' },
    ]);
  });

  it('leaves out the middle of what is alike', () => {
    expect(diffOf(text('1', '2', '3', '4', '5'), text('1', '2', '3', '4', '5', '6'))).toEqual([
      { kind: 'same', text: '1' },
      { kind: 'skipped', count: 3 },
      { kind: 'same', text: '5' },
      { kind: 'new', text: '6' },
    ]);
  });

  it('of nothing is nothing', () => {
    expect(diffOf('', '')).toEqual([]);
    expect(diffOf('', 'A')).toEqual([{ kind: 'new', text: 'A' }]);
    expect(diffOf('A', '')).toEqual([{ kind: 'gone', text: 'A' }]);
  });

  it('gives both texts back', () => {
    const words = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 3 });
    fc.assert(
      fc.property(words, words, (before, after) => {
        const parts = diffOf(text(...before), text(...after));
        const side = (kinds: string[]) =>
          parts.flatMap((part) =>
            part.kind !== 'skipped' && kinds.includes(part.kind) ? [part.text] : [],
          );
        expect(side(['same', 'gone'])).toEqual(before);
        expect(side(['same', 'new'])).toEqual(after);
      }),
    );
  });

  it('shows two very long texts one after the other', () => {
    const many = (letter: string) =>
      text(...Array.from({ length: 1100 }, (_, index) => `${letter}${index}`));
    const parts = diffOf(many('a'), many('b'));
    expect(parts).toHaveLength(2200);
    expect(parts[0]).toEqual({ kind: 'gone', text: 'a0' });
    expect(parts.at(-1)).toEqual({ kind: 'new', text: 'b1099' });
  });
});
