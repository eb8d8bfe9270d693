import { describe, expect, it } from '@jest/globals';

import { formatEnvFile, parseEnvFile } from './env-file.ts';

describe('an .env file', () => {
  it('gives back what was written into it', () => {
    const values = new Map([
      ['PLAIN', 'abc-DEF_1.~'],
      ['EMPTY', ''],
      ['ODD', 'a b#c"d$e=f'],
    ]);
    const text = formatEnvFile('Two lines\nof comment.', values);
    expect(text.split('\n').slice(0, 4)).toEqual([
      '# Two lines',
      '# of comment.',
      'PLAIN=abc-DEF_1.~',
      'EMPTY=',
    ]);
    expect(parseEnvFile(text)).toEqual(values);
  });

  it('is read with blanks and Windows line ends, and without what is no variable', () => {
    const text = "# A=1\r\n B = 2 \r\n\r\nnot a line\nlower=3\nC='x y'\nexport D=4\n";
    expect([...parseEnvFile(text)]).toEqual([
      ['B', '2'],
      ['C', 'x y'],
    ]);
  });

  it.each(["it's", 'two\nlines', 'zero\0byte'])('cannot hold %j', (value) => {
    expect(() => formatEnvFile('', new Map([['A', value]]))).toThrow(RangeError);
  });
});
