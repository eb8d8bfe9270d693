import type { z } from 'zod';

const kinds: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  bigint: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  date: 'a date',
  null: 'null',
};
const formats: Record<string, string> = {
  datetime: 'date and time, such as 2026-01-31T09:30:00Z',
  date: 'date, such as 2026-01-31',
  time: 'time, such as 09:30:00',
  email: 'e-mail address',
  url: 'URL',
  uuid: 'UUID',
};
const units: Record<string, string> = { string: 'character', array: 'item', set: 'item' };

const kind = (expected: string): string => kinds[expected] ?? expected;
const format = (name: string, pattern: string | undefined): string =>
  formats[name] ??
  (name === 'regex' && pattern !== undefined ? `text that matches ${pattern}` : name);

function counted(origin: string, bound: number | bigint): string {
  const unit = units[origin];
  return unit === undefined ? String(bound) : `${bound} ${unit}${Number(bound) === 1 ? '' : 's'}`;
}

/** What is wrong with a value, in plain words. A message that the schema's author wrote takes precedence. */
export function problemText(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `is not ${kind(issue.expected)}`;
    case 'too_small':
      if (issue.origin === 'string' && issue.minimum === 1) return 'is empty';
      return `is ${issue.origin === 'number' ? 'less' : 'shorter'} than ${counted(issue.origin, issue.minimum)}`;
    case 'too_big':
      return `is ${issue.origin === 'number' ? 'more' : 'longer'} than ${counted(issue.origin, issue.maximum)}`;
    case 'invalid_value':
      return issue.input === undefined ? 'is missing' : 'is not one of the known values';
    case 'invalid_format':
      return `is not a valid ${format(issue.format, issue.pattern)}`;
    case 'not_multiple_of':
      return `is not a multiple of ${issue.divisor}`;
    case 'invalid_union':
      return 'has none of the documented shapes';
    case 'unrecognized_keys':
      return 'is not known here';
    case 'custom':
    case 'invalid_key':
    case 'invalid_element':
      return 'is not valid';
  }
}

/** What to do about it. A custom issue may bring its own: `params: { remedy }`. */
export function remedyText(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `Give ${kind(issue.expected)}.`;
    case 'too_small':
      return `Give ${issue.inclusive === false ? 'more than' : 'at least'} ${counted(issue.origin, issue.minimum)}.`;
    case 'too_big':
      return `Give ${issue.inclusive === false ? 'less than' : 'at most'} ${counted(issue.origin, issue.maximum)}.`;
    case 'invalid_value':
      return `Give ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}.`;
    case 'invalid_format':
      return `Give a ${format(issue.format, issue.pattern)}.`;
    case 'not_multiple_of':
      return `Give a multiple of ${issue.divisor}.`;
    case 'unrecognized_keys':
      return 'Leave it out.';
    case 'custom': {
      const remedy: unknown = issue.params?.['remedy'];
      return typeof remedy === 'string' ? remedy : 'Correct this value.';
    }
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
      return 'Give a value in one of the documented shapes.';
  }
}
