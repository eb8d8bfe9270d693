import { describe, expect, it } from '@jest/globals';

import { relationFault } from './relation-fit.ts';
import { type FoundSchema, type FoundTable, schemaFit } from './schema-fit.ts';

const expected = {
  name: 'usr',
  key: ['usr_id'],
  columns: [
    { name: 'usr_id', type: 'integer' },
    { name: 'nm', type: 'text' },
  ],
  leftOut: ['eml'],
};
const table: FoundTable = {
  name: 'usr',
  primaryKey: ['usr_id'],
  replicaIdentity: 'd',
  columns: [...expected.columns, { name: 'eml', type: 'text' }],
  published: ['usr_id', 'nm'],
  readable: ['usr_id', 'nm'],
};
const all = ['insert', 'update', 'delete', 'truncate'];
const found = (
  changes: Partial<FoundTable> = {},
  publication: FoundSchema['publication'] = { operations: all, filtered: [] },
): FoundSchema => ({ publication, tables: [{ ...table, ...changes }] });
const codes = (schema: FoundSchema) => schemaFit([expected], schema).faults.map(({ code }) => code);

describe('the legacy schema', () => {
  it('fits', () => {
    expect(schemaFit([expected], found())).toEqual({ faults: [], notices: [] });
  });

  it.each([
    ['has no publication', found({}, null), 'capture_not_provisioned'],
    [
      'does not publish deletions',
      found({}, { operations: ['insert'], filtered: [] }),
      'capture_not_provisioned',
    ],
    [
      'publishes some rows only',
      found({}, { operations: all, filtered: ['usr'] }),
      'capture_not_provisioned',
    ],
    ['has lost a table', { ...found(), tables: [] }, 'legacy_schema_changed'],
    ['has no primary key', found({ primaryKey: [] }), 'table_without_primary_key'],
    ['has another primary key', found({ primaryKey: ['nm'] }), 'legacy_schema_changed'],
    ['does not send keys', found({ replicaIdentity: 'n' }), 'legacy_schema_changed'],
    [
      'sends whole rows, which column lists forbid',
      found({ replicaIdentity: 'f' }),
      'legacy_schema_changed',
    ],
    [
      'has lost a column',
      found({ columns: [{ name: 'usr_id', type: 'integer' }] }),
      'legacy_schema_changed',
    ],
    [
      'has another type',
      found({
        columns: [
          { name: 'usr_id', type: 'bigint' },
          { name: 'nm', type: 'text' },
        ],
      }),
      'legacy_schema_changed',
    ],
    ['does not publish a table', found({ published: null }), 'capture_not_provisioned'],
    ['does not publish a column', found({ published: ['usr_id'] }), 'capture_not_provisioned'],
    [
      'publishes a mail address',
      found({ published: ['usr_id', 'nm', 'eml'] }),
      'capture_not_provisioned',
    ],
    ['does not let a column be read', found({ readable: ['usr_id'] }), 'capture_not_provisioned'],
  ])('%s', (_, schema, code) => {
    expect(codes(schema)).toEqual([code]);
  });

  it('with a new column fits, and that is worth knowing', () => {
    const columns = [...table.columns, { name: 'phone', type: 'text' }];
    const fit = schemaFit([expected], found({ columns }));
    expect(fit.faults).toEqual([]);
    expect(fit.notices).toEqual(['The column usr.phone is new and not captured.']);
  });

  it('needs neither publication nor rights before it is provisioned', () => {
    const schema = found({ published: null, readable: [] }, null);
    expect(schemaFit([expected], schema, { beforeProvisioning: true }).faults).toEqual([]);
  });
});

describe('a table as the stream describes it', () => {
  const relation = {
    name: 'usr',
    keyColumns: ['usr_id'],
    columns: [
      { name: 'usr_id', typeOid: 23 },
      { name: 'nm', typeOid: 25 },
    ],
  };
  it.each([
    ['fits', relation, null],
    ['fits in another order', { ...relation, columns: relation.columns.toReversed() }, null],
    ['lacks a column', { ...relation, columns: relation.columns.slice(0, 1) }, /usr\.nm/],
    [
      'has another type',
      { ...relation, columns: [{ name: 'usr_id', typeOid: 20 }, ...relation.columns.slice(1)] },
      /integer/,
    ],
    ['has no key', { ...relation, keyColumns: [] }, /primary key/],
  ])('%s', (_, is, fault) => {
    if (fault === null) expect(relationFault(expected, is)).toBeNull();
    else expect(relationFault(expected, is)).toMatch(fault);
  });
});
