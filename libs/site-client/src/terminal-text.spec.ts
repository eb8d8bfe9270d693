import { describe, expect, it } from '@jest/globals';
import { columns, printable } from './terminal-text.ts';

describe('text for a terminal', () => {
  it('cannot steer it', () => {
    expect(printable('a\u001b[2Jb\u202ec\n')).toBe('a\ufffd[2Jb\ufffdc\ufffd');
    expect(printable('Größe – 5 µm')).toBe('Größe – 5 µm');
  });

  it('stands in columns', () => {
    expect(
      columns([
        ['ID', 'WHY'],
        ['search', 'a \u0007 b'],
      ]),
    ).toBe('ID      WHY\nsearch  a \ufffd b');
  });
});
