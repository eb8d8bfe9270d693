import { describe, expect, it } from '@jest/globals';
import { deskField, embargoOf, putOf } from './desk-form.ts';

describe('the end of an embargo', () => {
  it('is read as UTC', () => {
    expect(embargoOf('2030-02-03T06:30')?.toISOString()).toBe('2030-02-03T06:30:00.000Z');
    expect(embargoOf('2030-02-03T06:30:15.5')?.toISOString()).toBe('2030-02-03T06:30:15.500Z');
  });

  it.each(['', '2030-02-03', '2030-13-03T06:30', '2030-02-03T25:00', '2030-02-03T06:30Z', 'now'])(
    'is not %j',
    (value) => {
      expect(embargoOf(value)).toBeNull();
    },
  );
});

describe('what was typed at the desk', () => {
  it('has names one a line, without empty ones', () => {
    const put = putOf((name) => (name === 'authors' ? ' Ada \r\n\r\nMary, Countess\n' : ''));
    expect(put.auts).toEqual(['Ada', 'Mary, Countess']);
    expect(put.tops).toEqual([]);
  });

  it('knows which field a fault is about', () => {
    expect(['/ttl', '/auts/3', '/embTs', '/nothing', ''].map(deskField)).toEqual([
      'title',
      'authors',
      'embargo',
      '',
      '',
    ]);
  });
});
