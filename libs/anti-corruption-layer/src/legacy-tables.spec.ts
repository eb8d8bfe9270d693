import { expect, it } from '@jest/globals';

import { legacyTables } from './legacy-tables.ts';

it('nothing of an account is captured that lets somebody log in or be written to', () => {
  const columns = legacyTables.flatMap(({ columns: all }) => all.map(({ name }) => name));
  for (const name of ['eml', 'eml_lc', 'pwd_hsh', 'tok_ver']) expect(columns).not.toContain(name);
});

it('no column is both captured and left out, and each key is captured', () => {
  for (const { columns, leftOut, key } of legacyTables) {
    const names = columns.map(({ name }) => name);
    expect(names.filter((name) => leftOut.includes(name))).toEqual([]);
    expect(key.filter((name) => !names.includes(name))).toEqual([]);
  }
});
