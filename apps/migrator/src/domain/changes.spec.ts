import { describe, expect, it } from '@jest/globals';

import { createChanges, type RowChange } from './changes.ts';

const put = (row: Record<string, string | null>): RowChange => ({ kind: 'put', row });
const patch = (row: Record<string, string | null>): RowChange => ({ kind: 'patch', row });
const remove: RowChange = { kind: 'remove' };

function folded(...changes: RowChange[]): RowChange | undefined {
  const all = createChanges();
  for (const change of changes) all.add('art', '1', change);
  const taken = all.take();
  expect(taken).toHaveLength(1);
  return taken[0]?.change;
}

describe('changes of one row', () => {
  it.each([
    ['the last whole row counts', [put({ a: '1' }), put({ a: '2' })], put({ a: '2' })],
    [
      'a patch of a whole row is a whole row',
      [put({ a: '1', b: '1' }), patch({ a: '2' })],
      put({ a: '2', b: '1' }),
    ],
    ['patches add up', [patch({ a: '1' }), patch({ b: '2' })], patch({ a: '1', b: '2' })],
    ['what was removed is gone', [put({ a: '1' }), remove], remove],
    ['what was made anew is there', [remove, put({ a: '2' })], put({ a: '2' })],
    ['null is a value', [put({ a: '1' }), patch({ a: null })], put({ a: null })],
  ])('%s', (_, changes, expected) => {
    expect(folded(...changes)).toEqual(expected);
  });

  it('do not touch those of another row or table', () => {
    const all = createChanges();
    all.add('art', '1', put({ a: '1' }));
    all.add('art', '2', put({ a: '2' }));
    all.add('usr', '1', remove);
    expect(all.take()).toHaveLength(3);
    expect(all.take()).toEqual([]);
  });

  it('are measured by what they hold in memory, at least', () => {
    const all = createChanges();
    all.add('art', '1', put({ a: 'x'.repeat(10_000) }));
    expect(all.bytes()).toBeGreaterThan(10_000);
    all.take();
    expect(all.bytes()).toBe(0);
  });
});
