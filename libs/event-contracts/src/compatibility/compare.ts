import type { JsonSchema } from '../json-schema.ts';

/**
 * What a change breaks.
 *
 * - `consumer`: events may come that a reader of the old contract does not expect.
 * - `producer`: events that the old contract allows are refused. Those that lie on the bus are among them,
 *   and an event that is kept for ever would become a poison message.
 */
export type Break = {
  readonly breaks: 'consumer' | 'producer';
  readonly pointer: string;
  readonly what: string;
};

type Bound = 'minLength' | 'maxLength' | 'minimum' | 'maximum' | 'minItems' | 'maxItems';
const bounds: readonly Bound[] = [
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
];

/** Every difference between two versions of one schema that breaks somebody, with where and what. */
export function compareSchemas(before: JsonSchema, after: JsonSchema, pointer = ''): Break[] {
  const [old, now] = [alternatives(before), alternatives(after)];
  const found: Break[] = [];
  for (const [type, variants] of now) {
    const former = old.get(type);
    if (former !== undefined) found.push(...compareVariants(former, variants, pointer));
    else if (type !== 'integer' || !old.has('number'))
      found.push({ breaks: 'consumer', pointer, what: `may now be ${type}, which it never was` });
  }
  for (const type of old.keys()) {
    if (now.has(type) || (type === 'integer' && now.has('number'))) continue;
    found.push({ breaks: 'producer', pointer, what: `may no longer be ${type}` });
  }
  return found;
}

/** The ways in which a value may be written, by type. */
function alternatives(schema: JsonSchema): Map<string, JsonSchema[]> {
  const found = new Map<string, JsonSchema[]>();
  const add = (type: string, variant: JsonSchema) =>
    found.set(type, [...(found.get(type) ?? []), variant]);
  if (schema.anyOf !== undefined) {
    for (const one of schema.anyOf)
      for (const [type, variants] of alternatives(one))
        for (const each of variants) add(type, each);
    return found;
  }
  for (const type of [schema.type ?? 'anything'].flat()) add(type, schema);
  return found;
}

function compareVariants(
  before: readonly JsonSchema[],
  after: readonly JsonSchema[],
  pointer: string,
): Break[] {
  if (before.length !== after.length)
    return both(pointer, `has ${after.length} alternatives where there were ${before.length}`);
  return before.flatMap((old, index) => {
    const now = after[index];
    return now === undefined ? [] : compareOne(old, now, pointer);
  });
}

function compareOne(old: JsonSchema, now: JsonSchema, pointer: string): Break[] {
  return [
    ...compareValues(old, now, pointer),
    ...bounds.flatMap((bound) => compareBound(bound, old[bound], now[bound], pointer)),
    ...compareText('format', old.format, now.format, pointer),
    ...compareText('pattern', old.pattern, now.pattern, pointer),
    ...compareProperties(old, now, pointer),
    ...(old.items !== undefined && now.items !== undefined
      ? compareSchemas(old.items, now.items, `${pointer}/items`)
      : []),
  ];
}

function compareValues(old: JsonSchema, now: JsonSchema, pointer: string): Break[] {
  const [former, present] = [listed(old), listed(now)];
  if (former === undefined && present === undefined) return [];
  if (present === undefined)
    return [{ breaks: 'consumer', pointer, what: 'may now be any value, not a listed one only' }];
  if (former === undefined)
    return [{ breaks: 'producer', pointer, what: `must now be one of ${present.join(', ')}` }];
  const added = present.filter((value) => !former.includes(value));
  const gone = former.filter((value) => !present.includes(value));
  return [
    ...added.map((value) => ({
      breaks: 'consumer' as const,
      pointer,
      what: `may now be ${value}`,
    })),
    ...gone.map((value) => ({
      breaks: 'producer' as const,
      pointer,
      what: `may no longer be ${value}`,
    })),
  ];
}

function listed({ const: only, enum: several }: JsonSchema): string[] | undefined {
  const values = only === undefined ? several : [only];
  return values?.map((value) => JSON.stringify(value));
}

function compareBound(
  bound: Bound,
  old: number | undefined,
  now: number | undefined,
  pointer: string,
): Break[] {
  if (old === now) return [];
  const upper = bound.startsWith('max');
  const none = upper ? Infinity : -Infinity;
  const wider = upper ? (now ?? none) > (old ?? none) : (now ?? none) < (old ?? none);
  const what = `${bound} was ${old ?? 'not set'} and is ${now ?? 'not set'}`;
  return [{ breaks: wider ? 'consumer' : 'producer', pointer, what }];
}

function compareText(
  name: 'format' | 'pattern',
  old: string | undefined,
  now: string | undefined,
  pointer: string,
): Break[] {
  if (old === now) return [];
  const what = `${name} was ${old ?? 'not set'} and is ${now ?? 'not set'}`;
  if (old === undefined) return [{ breaks: 'producer', pointer, what }];
  if (now === undefined) return [{ breaks: 'consumer', pointer, what }];
  return both(pointer, what);
}

function compareProperties(old: JsonSchema, now: JsonSchema, pointer: string): Break[] {
  const [former, present] = [old.properties ?? {}, now.properties ?? {}];
  const found: Break[] = [];
  for (const [name, schema] of Object.entries(former)) {
    const at = `${pointer}/${name}`;
    const successor = present[name];
    if (successor === undefined) {
      found.push({ breaks: 'consumer', pointer: at, what: 'is gone' });
      continue;
    }
    const [was, is] = [required(old, name), required(now, name)];
    if (was && !is) found.push({ breaks: 'consumer', pointer: at, what: 'may now be left out' });
    if (!was && is)
      found.push({ breaks: 'producer', pointer: at, what: 'may no longer be left out' });
    found.push(...compareSchemas(schema, successor, at));
  }
  for (const name of Object.keys(present)) {
    if (former[name] === undefined && required(now, name))
      found.push({
        breaks: 'producer',
        pointer: `${pointer}/${name}`,
        what: 'is new and has to be there: make it optional',
      });
  }
  if (old.additionalProperties !== false && now.additionalProperties === false)
    found.push({
      breaks: 'producer',
      pointer,
      what: 'no longer takes fields that it does not name',
    });
  return found;
}

const required = (schema: JsonSchema, name: string): boolean =>
  schema.required?.includes(name) ?? false;

const both = (pointer: string, what: string): Break[] => [
  { breaks: 'consumer', pointer, what },
  { breaks: 'producer', pointer, what },
];
