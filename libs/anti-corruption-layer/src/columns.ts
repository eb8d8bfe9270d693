import { z } from 'zod';

const TIMESTAMP = /^(\d{4})-(\d{2})-(\d{2}) (\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?\+00$/;

/** A whole number of at most four bytes. */
export const integer = z
  .string()
  .regex(/^-?\d{1,10}$/, 'is not a whole number')
  .transform(Number);

/** PostgreSQL's text of a timestamptz in UTC, as RFC 3339 with milliseconds. */
export const timestamp = z.string().transform((text, context) => {
  const [, year, month, day, clock, fraction = ''] = TIMESTAMP.exec(text) ?? [];
  const iso = `${year}-${month}-${day}T${clock}.${fraction.padEnd(3, '0').slice(0, 3)}Z`;
  if (year !== undefined && !Number.isNaN(Date.parse(iso))) return iso;
  context.issues.push({
    code: 'custom',
    input: text,
    message: 'is not a time between the years 1 and 9999',
  });
  return z.NEVER;
});

export const uuid = z.uuid('is not a UUID');
