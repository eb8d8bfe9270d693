import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { type JsonSchema, jsonSchema } from '../json-schema.ts';
import { compareSchemas } from './compare.ts';

const schemaOf = (schema: z.ZodType): JsonSchema =>
  jsonSchema.parse(z.toJSONSchema(schema, { target: 'draft-7', io: 'input' }));

const text = z.string();
const shape = (field: z.ZodType) => z.object({ id: text, field });

/** Each change with whom it breaks going there, and whom going back. */
const changes: [string, z.ZodType, z.ZodType, string[], string[]][] = [
  ['nothing', shape(text), shape(text), [], []],
  ['a description', shape(text), shape(text.meta({ description: 'x' })), [], []],
  ['an optional field', z.object({ id: text }), shape(text.optional()), [], ['consumer']],
  ['a required field', z.object({ id: text }), shape(text), ['producer'], ['consumer']],
  ['a field made optional', shape(text), shape(text.optional()), ['consumer'], ['producer']],
  ['null', shape(text), shape(text.nullable()), ['consumer'], ['producer']],
  [
    'another type',
    shape(text),
    shape(z.number()),
    ['consumer', 'producer'],
    ['consumer', 'producer'],
  ],
  [
    'fractions',
    shape(z.int()),
    shape(z.number().min(-9007199254740991).max(9007199254740991)),
    ['consumer'],
    ['producer'],
  ],
  ['one more value', shape(z.enum(['a'])), shape(z.enum(['a', 'b'])), ['consumer'], ['producer']],
  ['any value', shape(z.literal('a')), shape(text), ['consumer'], ['producer']],
  ['a longer text', shape(text.max(5)), shape(text.max(6)), ['consumer'], ['producer']],
  ['a shorter least', shape(text.min(2)), shape(text.min(1)), ['consumer'], ['producer']],
  ['no limit', shape(text.max(5)), shape(text), ['consumer'], ['producer']],
  ['a pattern less', shape(text.regex(/a/)), shape(text), ['consumer'], ['producer']],
  [
    'another pattern',
    shape(text.regex(/a/)),
    shape(text.regex(/b/)),
    ['consumer', 'producer'],
    ['consumer', 'producer'],
  ],
  [
    'wider items',
    shape(z.array(text)),
    shape(z.array(text.nullable())),
    ['consumer'],
    ['producer'],
  ],
  [
    'longer lists',
    shape(z.array(text).max(1)),
    shape(z.array(text).max(2)),
    ['consumer'],
    ['producer'],
  ],
  ['a closed object', z.object({ id: text }), z.strictObject({ id: text }), ['producer'], []],
  [
    'a change deep within a nullable object',
    shape(z.object({ deep: text }).nullable()),
    shape(z.object({ deep: text.optional() }).nullable()),
    ['consumer'],
    ['producer'],
  ],
];

describe('a change of a contract', () => {
  it.each(changes)('%s breaks exactly whom it breaks', (_, before, after, there, back) => {
    const whom = (a: z.ZodType, b: z.ZodType) =>
      compareSchemas(schemaOf(a), schemaOf(b)).map(({ breaks }) => breaks);
    expect([whom(before, after), whom(after, before)]).toEqual([there, back]);
  });

  it('is named with its place', () => {
    const before = schemaOf(z.object({ data: z.object({ title: text.max(10) }) }));
    const after = schemaOf(z.object({ data: z.object({ title: text.max(5), year: z.int() }) }));
    expect(compareSchemas(before, after)).toEqual([
      { breaks: 'producer', pointer: '/data/title', what: 'maxLength was 10 and is 5' },
      {
        breaks: 'producer',
        pointer: '/data/year',
        what: 'is new and has to be there: make it optional',
      },
    ]);
  });
});
